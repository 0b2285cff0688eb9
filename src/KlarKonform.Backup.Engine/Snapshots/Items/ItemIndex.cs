using KlarKonform.Backup.Engine.Snapshots.Trees;
using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Engine.Snapshots.Items;

/// <summary>
/// Id → place, as a trie of small files inside the snapshot: a look-up reads one leaf, whatever the number of items. Ids are spread by
/// their hash, so changes are collected in memory and merged leaf by leaf; writing a leaf for every change would write each one a hundred
/// times. Not thread-safe.
/// </summary>
internal sealed class ItemIndex
{
    // A leaf with this many entries takes about 15 KiB compressed; a fuller one becomes a folder of sixteen.
    private const int MaxLeafEntries = 256;
    private const int MinCachedLeaves = 8;
    private const int MaxPinned = 4_000;
    private const int ReadAhead = 16;
    private const string Folder = "items";

    private readonly WorkingTree _tree;
    private readonly Func<int> _maxLeaves;
    private readonly Dictionary<UInt128, byte[]?> _changes = [];

    // Every item looks up its folder, so folders stay in memory.
    private readonly Dictionary<string, ItemEntry> _pinned = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IndexLeaf> _cache = new(StringComparer.Ordinal);
    private readonly Queue<string> _cached = new();

    // For an index that was empty when it was opened, a part of every key that was ever merged: new items need no look into a leaf. A key
    // that shares this part with another, or was removed since, costs one look-up without a result.
    private HashSet<uint>? _merged;
    private bool _opened;

    /// <param name="tree">The state's tree.</param>
    /// <param name="maxLeaves">How many leaves, at about 60 KiB each, may be kept in memory from the look-up to the merge.</param>
    public ItemIndex(WorkingTree tree, Func<int> maxLeaves)
    {
        _tree = tree;
        _maxLeaves = maxLeaves;
    }

    /// <summary>Number of changes in memory that are not merged yet.</summary>
    public int Pending => _changes.Count;

    public async Task<ItemEntry?> FindAsync(string id, CancellationToken cancellationToken)
    {
        if (_pinned.TryGetValue(id, out var pinned))
            return pinned;
        var key = IndexLeaf.KeyOf(id);
        ItemEntry? found;
        if (_changes.TryGetValue(key, out var line))
        {
            found = line is null ? null : IndexLeaf.Read(line);
        }
        else
        {
            await OpenAsync(cancellationToken);
            if (_merged?.Contains((uint)key) == false)
                return null;
            var prefix = await PrefixAsync(key, cancellationToken);
            if (!_cache.TryGetValue(prefix, out var leaf))
                Cache(leaf = await LoadAsync(prefix, cancellationToken));
            found = leaf.Find(key);
        }

        if (found is { IsFolder: true })
            Pin(found);
        return found;
    }

    public void Set(ItemEntry entry)
    {
        _changes[IndexLeaf.KeyOf(entry.Id)] = IndexLeaf.Write(entry);
        if (entry.IsFolder)
            Pin(entry);
    }

    public void Remove(string id)
    {
        _changes[IndexLeaf.KeyOf(id)] = null;
        _pinned.Remove(id);
    }

    /// <summary>Merges the changes into the tree, one leaf in memory at a time, and clears them.</summary>
    public async Task SaveAsync(CancellationToken cancellationToken)
    {
        if (_changes.Count == 0)
            return;
        await OpenAsync(cancellationToken);
        var ahead = new List<(string Prefix, List<KeyValuePair<UInt128, byte[]?>> Changes)>(ReadAhead);
        foreach (var change in _changes.OrderBy(change => change.Key))
        {
            if (ahead.Count > 0 && IndexLeaf.IsBelow(change.Key, ahead[^1].Prefix))
            {
                ahead[^1].Changes.Add(change);
                continue;
            }

            if (ahead.Count == ReadAhead)
                await MergeAsync(ahead, cancellationToken);
            ahead.Add((await PrefixAsync(change.Key, cancellationToken), [change]));
        }

        await MergeAsync(ahead, cancellationToken);
        _changes.Clear();
        _cache.Clear();
        _cached.Clear();
    }

    // Leaves are stored remotely: several are read at once, then each is written.
    private async Task MergeAsync(
        List<(string Prefix, List<KeyValuePair<UInt128, byte[]?>> Changes)> ahead,
        CancellationToken cancellationToken
    )
    {
        var loading = new List<Task<IndexLeaf>>(ahead.Count);
        foreach (var (prefix, _) in ahead)
            loading.Add(
                _cache.TryGetValue(prefix, out var cached)
                    ? Task.FromResult(cached)
                    : ReadAsync(prefix, await NodeAsync(prefix, cancellationToken), cancellationToken)
            );
        for (var i = 0; i < ahead.Count; i++)
        {
            var leaf = await loading[i];
            foreach (var (key, line) in ahead[i].Changes)
            {
                if (line is null)
                {
                    leaf.Remove(key);
                    continue;
                }

                leaf.Set(key, line);
                _merged?.Add((uint)key);
            }

            await WriteAsync(leaf, cancellationToken);
        }

        ahead.Clear();
    }

    private async Task OpenAsync(CancellationToken cancellationToken)
    {
        if (_opened)
            return;
        _opened = true;
        if (await _tree.FindAsync([Folder], cancellationToken) is not { Count: > 0 })
            _merged = [];
    }

    // The prefix of the key that has a leaf of its own, or would have.
    private async Task<string> PrefixAsync(UInt128 key, CancellationToken cancellationToken)
    {
        var path = new List<string> { Folder };
        while (true)
        {
            var name = IndexLeaf.Digit(key, path.Count - 1).ToString();
            var known = await _tree.FindAsync(path, cancellationToken);
            path.Add(name);
            if (known?.Find(name) is not { IsDirectory: true })
                return string.Concat(path.Skip(1));
        }
    }

    private async Task<IndexLeaf> LoadAsync(string prefix, CancellationToken cancellationToken) =>
        await ReadAsync(prefix, await NodeAsync(prefix, cancellationToken), cancellationToken);

    private async Task<Node?> NodeAsync(string prefix, CancellationToken cancellationToken) =>
        (await _tree.FindAsync(DirectoryOf(prefix), cancellationToken))?.Find(prefix[^1..]);

    // Changes no tree, so several may run at once.
    private async Task<IndexLeaf> ReadAsync(string prefix, Node? node, CancellationToken cancellationToken)
    {
        var leaf = new IndexLeaf(prefix);
        if (node is not null)
            leaf.Load(await _tree.ReadFileAsync(node, cancellationToken));
        return leaf;
    }

    private async Task WriteAsync(IndexLeaf leaf, CancellationToken cancellationToken)
    {
        var directory = await _tree.GetOrCreateAsync(DirectoryOf(leaf.Prefix), cancellationToken);
        var name = leaf.Prefix[^1..];
        switch (leaf.Count)
        {
            case 0:
                directory.Remove(name);
                break;
            case > MaxLeafEntries when leaf.Prefix.Length < IndexLeaf.Digits:
                directory.Remove(name);
                foreach (var part in leaf.Split())
                    await WriteAsync(part, cancellationToken);
                break;
            default:
                directory.Set(await _tree.NewFileAsync(name, leaf.ToBytes(), cancellationToken));
                break;
        }
    }

    private static IEnumerable<string> DirectoryOf(string prefix) => prefix[..^1].Select(digit => digit.ToString()).Prepend(Folder);

    private void Cache(IndexLeaf leaf)
    {
        _cache.Add(leaf.Prefix, leaf);
        _cached.Enqueue(leaf.Prefix);
        if (_cached.Count > Math.Max(MinCachedLeaves, _maxLeaves()))
            _cache.Remove(_cached.Dequeue());
    }

    private void Pin(ItemEntry folder)
    {
        if (_pinned.Count >= MaxPinned)
            _pinned.Clear();
        _pinned[folder.Id] = folder;
    }
}
