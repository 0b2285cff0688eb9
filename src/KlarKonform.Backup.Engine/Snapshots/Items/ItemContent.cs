using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Engine.Snapshots.Items;

/// <summary>What is stored for an item: its own file, and the files that belong to it.</summary>
/// <param name="Node">The item's file, without a name.</param>
/// <param name="Parts">The other files, without names, each with what follows the item's name without its extension.</param>
internal sealed record ItemContent(Node Node, IReadOnlyList<(string Suffix, Node Node)> Parts)
{
    /// <summary>A single file.</summary>
    public ItemContent(Node node)
        : this(node, []) { }
}
