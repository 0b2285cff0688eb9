using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Engine.Browsing;

/// <summary>An entry of a snapshot with the folders above it: the names and metadata of all of them together say what it is.</summary>
/// <param name="parent">The folder that it is in, or null at the root.</param>
/// <param name="node">Its node.</param>
internal sealed class SnapshotEntry(SnapshotEntry? parent, Node node)
{
    /// <summary>The folder that it is in, or null at the root.</summary>
    public SnapshotEntry? Parent => parent;

    /// <summary>Its node.</summary>
    public Node Node => node;

    /// <summary>Why the entry, or the folder's contents, cannot be read; null if readable.</summary>
    public Exception? Fault { get; init; }

    /// <summary>Number of folders above it.</summary>
    public int Depth { get; } = parent is null ? 0 : parent.Depth + 1;

    /// <summary>Its path, beginning with a slash.</summary>
    public string Path => "/" + string.Join('/', Chain().Select(entry => entry.Node.Name));

    /// <summary>The entries from the root to this one.</summary>
    public IReadOnlyList<SnapshotEntry> Chain()
    {
        // No recursion: folders may be nested more deeply than the call stack allows.
        var chain = new SnapshotEntry[Depth + 1];
        for (var (entry, i) = (this, Depth); entry is not null; entry = entry.Parent, i--)
            chain[i] = entry;
        return chain;
    }

    /// <inheritdoc />
    public override string ToString() => Path;
}
