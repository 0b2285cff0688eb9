using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Engine.Snapshots.Items;

/// <summary>What is stored of an item: its own file, and the files that belong to it.</summary>
/// <param name="Node">The item's file, nameless.</param>
/// <param name="Parts">The other files, nameless, each with what follows the item's name without its extension.</param>
internal sealed record ItemContent(Node Node, IReadOnlyList<(string Suffix, Node Node)> Parts)
{
    /// <summary>A single file.</summary>
    public ItemContent(Node node)
        : this(node, [])
    {
    }
}
