using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Graph.Directory;

namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>A part of a mailbox as a resource: whose it is, and where it is stored.</summary>
internal abstract class MailboxSource(GraphUser user, string kind) : IResourceSource
{
    public string Kind => kind;

    public string ResourceId => user.Id;

    public string Name => user.UserPrincipalName;

    public IReadOnlyList<string> Path => SnapshotLayout.ContentPath(kind, SafeName.From(user.UserPrincipalName, user.Id));

    /// <summary>The owner of the mailbox.</summary>
    protected GraphUser User => user;

    /// <inheritdoc />
    public abstract Task RunAsync(ResourceBackup run, CancellationToken cancellationToken);

    /// <inheritdoc />
    public abstract Task ProbeAsync(CancellationToken cancellationToken);
}
