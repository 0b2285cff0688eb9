using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Engine.Browsing;

/// <summary>An entry of a snapshot with the folders above it: names and metadata of all of them tell what it is.</summary>
/// <param name="Parent">The folder that it is in, or null at the root.</param>
/// <param name="Node">Its node.</param>
internal sealed record SnapshotEntry(SnapshotEntry? Parent, Node Node)
{
    /// <summary>Its path, beginning with a slash.</summary>
    public string Path => $"{Parent?.Path}/{Node.Name}";

    /// <summary>Folders above it.</summary>
    public int Depth => Parent is null ? 0 : Parent.Depth + 1;

    /// <summary>The entries from the root to this one.</summary>
    public IReadOnlyList<SnapshotEntry> Chain()
    {
        var chain = new SnapshotEntry[Depth + 1];
        for (var (entry, i) = (this, Depth); entry is not null; entry = entry.Parent, i--)
            chain[i] = entry;
        return chain;
    }

    /// <inheritdoc />
    public override string ToString() => Path;
}
