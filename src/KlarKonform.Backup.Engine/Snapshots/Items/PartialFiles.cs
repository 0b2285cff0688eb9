using System.Collections.Concurrent;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Snapshots.Trees;
using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Engine.Snapshots.Items;

/// <summary>
/// A resource's large files in progress. What is stored of them is in the state's tree as files, so that no prune removes it, and the next
/// run knows it. Everything except <see cref="End"/> is called under the store's lock.
/// </summary>
internal sealed class PartialFiles(WorkingTree tree, TimeProvider time)
{
    private const string FolderName = "partial";

    private readonly ConcurrentDictionary<string, PartialFile> _open = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _ended = new(StringComparer.Ordinal);

    /// <summary>Starts a file, or continues where an earlier run stopped.</summary>
    public async Task<PartialFile> BeginAsync(ResourceState state, string key, string version, CancellationToken cancellationToken)
    {
        if (_open.TryGetValue(key, out var begun) && begun.Version == version)
            return begun;
        if (
            state.Partials.TryGetValue(key, out var known)
            && known.Version == version
            && (await tree.FindAsync([FolderName], cancellationToken))?.Find(SafeName.Mark(key)) is { Content: { } blobs }
        )
            return _open[key] = new PartialFile(known, blobs);
        return _open[key] = new PartialFile(version);
    }

    /// <summary>The file is stored, or must be read from its start. Thread-safe.</summary>
    public void End(string key)
    {
        _open.TryRemove(key, out _);
        _ended[key] = true;
    }

    /// <summary>Drops what was in progress in earlier runs and not requested in this one.</summary>
    public void DropOld(ResourceState state)
    {
        foreach (var key in state.Partials.Keys.Where(key => !_open.ContainsKey(key)))
            state.Partials.TryRemove(key, out _);
    }

    /// <summary>Writes what is stored of each into state and tree.</summary>
    public async Task SaveAsync(ResourceState state, WorkingDirectory root, CancellationToken cancellationToken)
    {
        if (_open.IsEmpty && state.Partials.IsEmpty && root.Find(FolderName) is null)
            return;
        var folder = await tree.GetOrCreateAsync([FolderName], cancellationToken);
        foreach (var (key, partial) in _open)
        {
            var (saved, blobs) = partial.Save();
            state.Partials[key] = saved;
            folder.Set(Node.NewFile(SafeName.Mark(key), (ulong)saved.Size, blobs, time.GetUtcNow()));
        }

        foreach (var key in state.Partials.Keys.Where(key => !_open.ContainsKey(key) && _ended.ContainsKey(key)))
            state.Partials.TryRemove(key, out _);
        var living = state.Partials.Keys.Select(SafeName.Mark).ToHashSet();
        foreach (var name in folder.Nodes.Select(node => node.Name).Where(name => !living.Contains(name)).ToArray())
            folder.Remove(name);
        if (folder.Count == 0)
            root.Remove(FolderName);
    }

    /// <summary>Releases the memory.</summary>
    public void Clear()
    {
        _open.Clear();
        _ended.Clear();
    }
}
