using System.Collections.Concurrent;

namespace KlarKonform.Backup.Engine.Restore.ToMicrosoft365;

/// <summary>
/// What a target's folders contain already, by keys that distinguish items: read once per folder, and counted, because a folder may contain
/// an item twice. Thread-safe.
/// </summary>
/// <param name="read">Lists a folder's keys.</param>
internal sealed class PresentItems(Func<string, CancellationToken, Task<List<string>>> read)
{
    private readonly ConcurrentDictionary<string, Lazy<Task<ConcurrentDictionary<string, int>>>> _folders = new(StringComparer.Ordinal);

    private readonly ConcurrentDictionary<(string Folder, string Key), int> _totals = new();

    /// <summary>Whether a folder contains an item with this key that no other item of the restore has claimed yet.</summary>
    public async Task<bool> TakeAsync(string folder, string key, CancellationToken cancellationToken)
    {
        var keys = await FolderAsync(folder, cancellationToken);
        while (keys.TryGetValue(key, out var count) && count > 0)
        {
            if (keys.TryUpdate(key, count - 1, count))
                return true;
        }

        return false;
    }

    /// <summary>How many items with a key a folder had at the beginning, plus those that the restore has created since.</summary>
    public async Task<int> CountAsync(string folder, string key, CancellationToken cancellationToken)
    {
        await FolderAsync(folder, cancellationToken);
        return _totals.GetValueOrDefault((folder, key));
    }

    /// <summary>Records that the restore created one.</summary>
    public void Added(string folder, string key) => _totals.AddOrUpdate((folder, key), 1, (_, count) => count + 1);

    // A failed listing is not final: the next item reads the folder again.
    private async Task<ConcurrentDictionary<string, int>> FolderAsync(string folder, CancellationToken cancellationToken)
    {
        var listing = _folders.GetOrAdd(
            folder,
            id => new Lazy<Task<ConcurrentDictionary<string, int>>>(() => ListAsync(id, cancellationToken))
        );
        try
        {
            return await listing.Value;
        }
        catch
        {
            _folders.TryRemove(new KeyValuePair<string, Lazy<Task<ConcurrentDictionary<string, int>>>>(folder, listing));
            throw;
        }
    }

    private async Task<ConcurrentDictionary<string, int>> ListAsync(string folder, CancellationToken cancellationToken)
    {
        var listed = await read(folder, cancellationToken);
        var keys = new ConcurrentDictionary<string, int>(StringComparer.Ordinal);
        foreach (var key in listed)
        {
            keys.AddOrUpdate(key, 1, (_, count) => count + 1);
            Added(folder, key);
        }

        return keys;
    }
}
