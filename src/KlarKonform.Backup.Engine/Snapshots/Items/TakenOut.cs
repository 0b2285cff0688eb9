using KlarKonform.Backup.Engine.Snapshots.Trees;
using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Engine.Snapshots.Items;

/// <summary>What a directory had of an item, to be put elsewhere.</summary>
/// <param name="Node">Its node, or null if there was none.</param>
/// <param name="Loaded">What is loaded of it, if it is a folder.</param>
/// <param name="Parts">The files that belong to it.</param>
internal sealed record TakenOut(Node? Node, WorkingDirectory? Loaded, IReadOnlyList<(string Suffix, Node Node)> Parts)
{
    /// <summary>There was nothing.</summary>
    public static TakenOut Nothing { get; } = new(null, null, []);

    /// <summary>Takes an item and its parts out of the directory that contains it.</summary>
    public static TakenOut Of(WorkingDirectory directory, ItemEntry entry)
    {
        var detached = directory.Detach(entry.Name);
        var parts = new List<(string, Node)>();
        foreach (var suffix in entry.Parts ?? [])
        {
            if (directory.Detach(entry.PartName(suffix)) is { } part)
                parts.Add((suffix, part.Node));
        }

        return new TakenOut(detached?.Node, detached?.Loaded, parts);
    }
}
