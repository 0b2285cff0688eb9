using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Graph.Directory;

namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>A part of a mailbox whose items have change keys. Used for one run.</summary>
internal abstract class MailboxSource(GraphUser user, string kind) : FolderReader
{
    /// <summary>The owner of the mailbox.</summary>
    protected GraphUser User => user;

    public override string Kind => kind;

    public override string ResourceId => user.Id;

    public override string Name => user.UserPrincipalName;

    public override IReadOnlyList<string> Path => SnapshotLayout.ContentPath(kind, SafeName.From(user.UserPrincipalName, user.Id));

    /// <summary>
    /// The items of a page that are not stored in this version, by their change keys; with -Full all of them, because a change key does not
    /// say how an item was read.
    /// </summary>
    protected static async Task<IReadOnlyList<SourceItem>> ChangedAsync(
        ResourceBackup run,
        string folder,
        IReadOnlyList<SourceItem> items,
        CancellationToken cancellationToken
    )
    {
        var changed = new List<SourceItem>();
        foreach (var item in items)
        {
            var old = await run.Store.FindAsync(item.Id, cancellationToken);
            if (
                run.Full
                || old is null
                || old.Version != item.Json.Text("changeKey")
                || old.Version.Length == 0
                || old.Parent != folder
                || run.IsDue(item.Id)
            )
                changed.Add(item);
        }

        return changed;
    }
}
