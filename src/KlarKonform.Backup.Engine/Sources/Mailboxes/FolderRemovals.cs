using KlarKonform.Backup.Engine.Snapshots.Items;
using KlarKonform.Backup.Engine.Sources.Resources;

namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>
/// Removals that were noted while reading, applied at the end. Those that the last round itself reported wait: only a later round can tell
/// whether such an item turned up elsewhere.
/// </summary>
internal sealed class FolderRemovals(IFolderedItems items, ResourceBackup run, FolderRound last)
{
    private readonly ItemRefresher _refresher = new(items, run);

    /// <summary>Removes what is gone, except for what the last round itself reported.</summary>
    public async Task ApplyAsync(CancellationToken cancellationToken)
    {
        var confirmed = await RemoveItemsAsync(cancellationToken);
        var removed = await RemoveFoldersAsync(cancellationToken);
        await run.Store.ChangeStateAsync(
            state =>
            {
                foreach (var id in confirmed)
                    state.PendingRemovals.TryRemove(id, out _);
                state.PendingFolderRemovals.Clear();
                foreach (var id in removed)
                    state.Folders.TryRemove(id, out _);
            },
            cancellationToken
        );
    }

    private async Task<IReadOnlyList<string>> RemoveItemsAsync(CancellationToken cancellationToken)
    {
        var confirmed = run.Store.State.PendingRemovals.Where(pending => !last.ReportedRemoved(pending.Key)).ToArray();
        foreach (var (id, folders) in confirmed)
        {
            // An item that turned up in another folder meanwhile was moved, not removed; one that fails there continues to fail.
            await run.GuardAsync(
                id,
                folders.FirstOrDefault() ?? "",
                id,
                async () =>
                {
                    if (
                        await run.Store.FindAsync(id, cancellationToken) is { } entry
                        && folders.Contains(entry.Parent)
                        && !await IsElsewhereAsync(entry, cancellationToken)
                        && await run.Store.RemoveAsync(id, cancellationToken)
                    )
                        run.CountRemoval();
                    if (run.Store.State.Failures.TryGetValue(id, out var failure) && folders.Contains(failure.Parent))
                        await run.ForgetAsync(id, cancellationToken);
                },
                cancellationToken
            );
        }

        return [.. confirmed.Select(pending => pending.Key)];
    }

    private async Task<IReadOnlyList<string>> RemoveFoldersAsync(CancellationToken cancellationToken)
    {
        var removed = new List<(int Depth, string Id)>();
        foreach (var id in run.Store.State.PendingFolderRemovals.ToArray())
            removed.Add((await run.Store.DepthAsync(id, cancellationToken), id));
        foreach (var (_, id) in removed.OrderByDescending(folder => folder.Depth))
        {
            if (await run.Store.RemoveWithContentAsync(id, cancellationToken))
                run.CountRemoval();
        }

        return [.. removed.Select(folder => folder.Id)];
    }

    // Answers about an item that moved during this run may have been applied out of order. Ask the source where it is before removing it.
    private async Task<bool> IsElsewhereAsync(ItemEntry entry, CancellationToken cancellationToken)
    {
        if (!await run.Store.HasMovedAsync(entry.Id, cancellationToken))
            return false;
        return await _refresher.RefreshAsync(entry.Id, entry.Parent, cancellationToken) is not null;
    }
}
