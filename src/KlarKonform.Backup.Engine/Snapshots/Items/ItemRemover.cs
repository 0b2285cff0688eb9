using KlarKonform.Backup.Engine.Snapshots.Trees;

namespace KlarKonform.Backup.Engine.Snapshots.Items;

/// <summary>Takes items out of a resource, or puts them among the deleted ones. Used under the store's lock.</summary>
internal sealed class ItemRemover(ResourceTrees trees, DeletedItems deleted, StoreOptions options)
{
    /// <summary>Removes an item.</summary>
    /// <returns>Whether it existed and was removed.</returns>
    public async Task<bool> RemoveAsync(string id, Removal how, CancellationToken cancellationToken)
    {
        if (await trees.Index.FindAsync(id, cancellationToken) is not { } entry)
            return false;
        var directory = await trees.Places.DirectoryAsync(entry, cancellationToken);
        var (items, stored) = (trees.State.Items, !entry.IsFolder);
        if (entry.IsFolder && directory is not null)
        {
            var own = await trees.Content.FindAsync((await trees.Places.PathAsync(id, cancellationToken))!, cancellationToken);
            stored = own is { Count: > 0 };
            if (stored && how != Removal.WithContent)
                return false;
            if (own is not null)
                await ForgetAsync(own, cancellationToken);
        }

        trees.Count(entry, -1);
        if (directory is not null)
        {
            var taken = TakenOut.Of(directory, entry);
            if (stored && options.KeepsDeleted && how != Removal.Erase)
                await KeepAsync(entry, taken, items - trees.State.Items, cancellationToken);
            await trees.Places.RemoveEmptySubAsync(directory, entry, cancellationToken);
        }

        trees.Index.Remove(id);
        return true;
    }

    private async Task KeepAsync(ItemEntry entry, TakenOut taken, long items, CancellationToken cancellationToken)
    {
        if (taken.Node is not { } node)
            return;
        await deleted.PutAsync(
            trees.State,
            await trees.Places.FoldersAsync(entry, cancellationToken),
            entry.Id,
            node,
            taken.Loaded,
            taken.Parts,
            items,
            cancellationToken
        );
    }

    // Everything below a folder leaves the index with it. The counts of the folders below are of no use any more.
    private async Task ForgetAsync(WorkingDirectory directory, CancellationToken cancellationToken)
    {
        foreach (var node in directory.Nodes.ToArray())
        {
            if (ItemMetadata.IdOf(node) is { } id)
            {
                trees.State.Items -= await trees.Index.FindAsync(id, cancellationToken) is { IsFolder: false } ? 1 : 0;
                trees.Index.Remove(id);
            }

            if (node.IsDirectory && await trees.Content.OpenAsync(directory, node.Name, cancellationToken) is { } child)
                await ForgetAsync(child, cancellationToken);
        }
    }
}
