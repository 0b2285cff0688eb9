using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Engine.Browsing;

/// <summary>An entry of a snapshot with the folders above it: names and metadata of all of them tell what it is.</summary>
/// <param name="parent">The folder that it is in, or null at the root.</param>
/// <param name="node">Its node.</param>
internal sealed class SnapshotEntry(SnapshotEntry? parent, Node node)
{
    /// <summary>The folder that it is in, or null at the root.</summary>
    public SnapshotEntry? Parent => parent;

    /// <summary>Its node.</summary>
    public Node Node => node;

    /// <summary>Why the entry, or what is in the folder, cannot be read; null for what can.</summary>
    public Exception? Fault { get; init; }

    /// <summary>Folders above it.</summary>
    public int Depth { get; } = parent is null ? 0 : parent.Depth + 1;

    /// <summary>Its path, beginning with a slash.</summary>
    public string Path => "/" + string.Join('/', Chain().Select(entry => entry.Node.Name));

    /// <summary>The entries from the root to this one.</summary>
    public IReadOnlyList<SnapshotEntry> Chain()
    {
        // No recursion: folders may be nested more deeply than calls.
        var chain = new SnapshotEntry[Depth + 1];
        for (var (entry, i) = (this, Depth); entry is not null; entry = entry.Parent, i--)
            chain[i] = entry;
        return chain;
    }

    /// <inheritdoc />
    public override string ToString() => Path;
}
