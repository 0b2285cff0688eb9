using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Index;

namespace KlarKonform.Backup.Repository.Repairing;

/// <summary>What a repair of the index would do, computed before anything is touched.</summary>
public sealed record IndexRepairPlan
{
    /// <summary>Packs whose entries stay: the pack is there with the size that they imply.</summary>
    public required int Kept { get; init; }

    /// <summary>Packs whose entries come from their own header: no index named them, or with another size.</summary>
    public required IReadOnlyList<BlobId> Read { get; init; }

    /// <summary>Packs whose header cannot be read. What an index says of them stays, as far as the file reaches.</summary>
    public required IReadOnlyList<BlobId> Unreadable { get; init; }

    /// <summary>Packs that an index names and that are not there, each asked for by its name. A backup stores anew what they held if it has it.</summary>
    public required IReadOnlyList<BlobId> Absent { get; init; }

    /// <summary>Index files that cannot be read.</summary>
    public required IReadOnlyList<BlobId> DamagedIndexes { get; init; }

    /// <summary>Whether the index is as it must be.</summary>
    public bool IsClean => Read.Count + Unreadable.Count + Absent.Count + DamagedIndexes.Count == 0;

    internal IReadOnlyList<PackContents> Contents { get; init; } = [];

    internal IReadOnlyList<BlobId> OldIndexes { get; init; } = [];
}
