using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Graph;

namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>Requests single items, where a page's word is not enough, and stores what they are now.</summary>
internal sealed class ItemRefresher(IFolderedItems items, ResourceBackup run)
{
    /// <summary>Asks whether an item exists, wherever it may be.</summary>
    public Task<bool> IsThereAsync(string id, string folder, CancellationToken cancellationToken) =>
        Presence.IsThereAsync(async () => (await items.FetchAsync(id, folder, cancellationToken)).Dispose());

    /// <summary>Stores an item as it is now. Returns the folder that it is in, or null if it is gone.</summary>
    public Task<string?> RefreshAsync(string id, string folder, CancellationToken cancellationToken) =>
        RefreshAsync(id, folder, static () => { }, cancellationToken);

    /// <summary>Stores an item as it is now. Returns the folder that it is in, or null if it is gone.</summary>
    /// <param name="id">The item's id.</param>
    /// <param name="folder">Where it was.</param>
    /// <param name="onVanished">Called if it is gone between its own answer and its content's: a round that has to know of it.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task<string?> RefreshAsync(string id, string folder, Action onVanished, CancellationToken cancellationToken)
    {
        try
        {
            using var item = await items.FetchAsync(id, folder, cancellationToken);
            var present = item.Folder.Length == 0 ? folder : item.Folder;

            // In a folder that is not backed up, such as the dumpster: gone from here. A new folder brings it with its own delta. An
            // unknown place does not count.
            if (!run.Store.State.Folders.ContainsKey(present))
            {
                return await items.IsOutsideAsync(id, present, cancellationToken)
                    ? null
                    : throw new GraphException(GraphErrorKind.Other, null, "FolderUnknown", "The item's folder is not known.");
            }

            await items.StoreAsync(present, [new SourceItem(id, item.Entry.RootElement)], onVanished, cancellationToken);
            return present;
        }
        catch (GraphException exception) when (exception.Kind == GraphErrorKind.NotFound)
        {
            return null;
        }
    }
}
