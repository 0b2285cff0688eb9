using KlarKonform.Backup.Engine.Sources.Resources;

namespace KlarKonform.Backup.Engine.Sources.Drives;

/// <summary>Removals of a drive, kept until everything else of a round is applied.</summary>
/// <param name="run">The resource's run.</param>
/// <param name="prefix">The prefix of the drive's ids in the store.</param>
/// <param name="fetch">Requests an item by its id from the source, applies it, and returns whether it exists.</param>
internal sealed class RemovalRound(ResourceBackup run, string prefix, Func<string, CancellationToken, Task<bool>> fetch)
{
    /// <summary>
    /// Records that the service reported the item as gone; it is removed at the end of the round, unless it turns up elsewhere.
    /// </summary>
    public Task MarkAsync(string key, CancellationToken cancellationToken) =>
        run.Store.ChangeStateAsync(state => state.PendingRemovals[key] = [], cancellationToken);

    /// <summary>Removes what was reported as gone: files, then folders, deepest first.</summary>
    public async Task ApplyAsync(CancellationToken cancellationToken)
    {
        var folders = new List<(int Depth, string Id)>();
        foreach (var id in run.Store.State.PendingRemovals.Keys.Where(IsOurs).ToArray())
        {
            await run.ForgetFailureAsync(id, cancellationToken);
            if (await run.Store.FindAsync(id, cancellationToken) is not { } entry)
                continue;
            if (entry.IsFolder)
                folders.Add((await run.Store.DepthAsync(id, cancellationToken), id));
            else if (await run.Store.RemoveAsync(id, cancellationToken))
                run.CountRemoval();
        }

        foreach (var (_, id) in folders.OrderByDescending(folder => folder.Depth))
            await RemoveFolderAsync(id, cancellationToken);
        await run.Store.ChangeStateAsync(
            state =>
            {
                foreach (var id in state.PendingRemovals.Keys.Where(IsOurs))
                    state.PendingRemovals.TryRemove(id, out _);
            },
            cancellationToken
        );
    }

    // A folder is removed when it is empty. What is left in it was reported neither as deleted nor as moved: each item is requested.
    private async Task RemoveFolderAsync(string folder, CancellationToken cancellationToken)
    {
        if (!await run.Store.RemoveAsync(folder, cancellationToken))
        {
            var left = new List<string>();
            await foreach (var id in run.Store.ItemsOfAsync(folder, folders: true, cancellationToken))
                left.Add(id);
            foreach (var id in left.Where(IsOurs))
            {
                if (await fetch(id[prefix.Length..], cancellationToken))
                    continue;
                if (await run.Store.FindAsync(id, cancellationToken) is { IsFolder: true })
                    await RemoveFolderAsync(id, cancellationToken);
                else if (await run.Store.RemoveAsync(id, cancellationToken))
                    run.CountRemoval();
            }

            if (!await run.Store.RemoveAsync(folder, cancellationToken))
                return;
        }

        run.CountRemoval();
    }

    private bool IsOurs(string key) => key.StartsWith(prefix, StringComparison.Ordinal);
}
