using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Index;

namespace KlarKonform.Backup.Repository.Repairing;

/// <summary>What a repair of the index would do, computed before anything is changed.</summary>
public sealed record IndexRepairPlan
{
    /// <summary>Packs whose entries stay: the pack exists with the size that they imply.</summary>
    public required int Kept { get; init; }

    /// <summary>Packs whose entries come from their own header: no index named them, or only with another size.</summary>
    public required IReadOnlyList<BlobId> Read { get; init; }

    /// <summary>Packs whose header cannot be read. Their index entries stay, as far as the file reaches.</summary>
    public required IReadOnlyList<BlobId> Unreadable { get; init; }

    /// <summary>
    /// Packs in the index that do not exist, each requested by its name. A backup stores their contents again if it has them.
    /// </summary>
    public required IReadOnlyList<BlobId> Absent { get; init; }

    /// <summary>Index files that cannot be read.</summary>
    public required IReadOnlyList<BlobId> DamagedIndexes { get; init; }

    /// <summary>Whether the index is correct.</summary>
    public bool IsClean => Read.Count + Unreadable.Count + Absent.Count + DamagedIndexes.Count == 0;

    internal IReadOnlyList<PackContents> Contents { get; init; } = [];

    internal IReadOnlyList<BlobId> OldIndexes { get; init; } = [];
}
