using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Engine.Snapshots.Trees;

/// <summary>
/// A folder of a snapshot in the making: loaded from the previous snapshot when first accessed, written again only if it changed. Not
/// thread-safe; its resource's lock guards it.
/// </summary>
internal sealed class WorkingDirectory
{
    private readonly SortedDictionary<string, Node> _nodes = new(TreeJson.NameOrder);
    private readonly Dictionary<string, WorkingDirectory> _loaded = new(StringComparer.Ordinal);
    private readonly HashSet<string> _folded = new(StringComparer.OrdinalIgnoreCase);
    private bool _changed;

    public WorkingDirectory(IEnumerable<Node> nodes, bool changed)
    {
        foreach (var node in nodes)
        {
            _nodes[node.Name] = node;
            _folded.Add(Fold(node.Name));
        }

        _changed = changed;
    }

    public int Count => _nodes.Count;

    public IReadOnlyCollection<Node> Nodes => _nodes.Values;

    /// <summary>Number of nodes in memory, here and below.</summary>
    public int LoadedCount => _nodes.Count + _loaded.Values.Sum(child => child.LoadedCount);

    public Node? Find(string name) => _nodes.GetValueOrDefault(name);

    /// <summary>Whether a name is free on every file system, including those that ignore case and normalisation.</summary>
    public bool IsFree(string name) => !_folded.Contains(Fold(name));

    public void Set(Node node)
    {
        if (_nodes.TryGetValue(node.Name, out var old) && !ReferenceEquals(old, node) && node.Subtree != old.Subtree)
            _loaded.Remove(node.Name);
        _nodes[node.Name] = node;
        _folded.Add(Fold(node.Name));
        _changed = true;
    }

    public bool Remove(string name)
    {
        if (!_nodes.Remove(name))
            return false;
        _folded.Remove(Fold(name));
        _loaded.Remove(name);
        _changed = true;
        return true;
    }

    /// <summary>Takes out an entry together with what is loaded of it, to be attached elsewhere.</summary>
    public (Node Node, WorkingDirectory? Loaded)? Detach(string name)
    {
        if (_nodes.GetValueOrDefault(name) is not { } node)
            return null;
        var loaded = _loaded.GetValueOrDefault(name);
        Remove(name);
        return (node, loaded);
    }

    /// <summary>Adds a detached entry under a name: a folder of any size moves as one link.</summary>
    public void Attach(Node node, WorkingDirectory? loaded)
    {
        Set(node);
        if (loaded is not null)
            _loaded[node.Name] = loaded;
    }

    public async Task<WorkingDirectory?> OpenAsync(
        string name,
        Func<BlobId, CancellationToken, Task<List<Node>>> read,
        CancellationToken cancellationToken
    )
    {
        if (_loaded.TryGetValue(name, out var loaded))
            return loaded;
        if (_nodes.GetValueOrDefault(name) is not { Subtree: { } subtree })
            return null;
        loaded = new WorkingDirectory(await read(subtree, cancellationToken), changed: false);
        _loaded.Add(name, loaded);
        return loaded;
    }

    /// <summary>Adds an empty folder.</summary>
    public WorkingDirectory Create(Node node)
    {
        var created = new WorkingDirectory([], changed: true);
        Set(node);
        _loaded[node.Name] = created;
        return created;
    }

    /// <summary>Stores what changed, deepest first, and unloads it. Returns null if nothing changed here or below.</summary>
    public async Task<BlobId?> SaveAsync(Func<IEnumerable<Node>, CancellationToken, Task<BlobId>> save, CancellationToken cancellationToken)
    {
        foreach (var (name, child) in _loaded)
        {
            if (await child.SaveAsync(save, cancellationToken) is not { } id)
                continue;
            _nodes[name] = _nodes[name] with { Subtree = id };
            _changed = true;
        }

        _loaded.Clear();
        if (!_changed)
            return null;
        var saved = await save(_nodes.Values, cancellationToken);
        _changed = false;
        return saved;
    }

    // Windows and macOS treat names that differ only in normalisation or case as the same.
    private static string Fold(string name) => name.IsNormalized() ? name : name.Normalize();
}
