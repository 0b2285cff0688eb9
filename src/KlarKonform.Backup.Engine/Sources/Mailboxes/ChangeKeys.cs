using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Sources.Resources;

namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>Compares a page's items with what is stored, where items have change keys.</summary>
internal static class ChangeKeys
{
    /// <summary>
    /// The items of a page that are not stored in this version, by their change keys; with -Full all of them, because a change key does not
    /// say how an item was read.
    /// </summary>
    public static async Task<IReadOnlyList<SourceItem>> ChangedAsync(
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
