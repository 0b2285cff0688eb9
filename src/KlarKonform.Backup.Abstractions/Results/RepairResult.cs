namespace KlarKonform.Backup;

/// <summary>What a repair found and did, or would do.</summary>
public sealed record RepairResult
{
    /// <summary>The configuration's name.</summary>
    public required string Configuration { get; init; }

    /// <summary>Whether it was done; false for a plan.</summary>
    public required bool Executed { get; init; }

    /// <summary>Packs that the repaired index names.</summary>
    public required int Packs { get; init; }

    /// <summary>Packs that no index described, read anew from their own lists of contents.</summary>
    public required int PacksRead { get; init; }

    /// <summary>Index files that could not be read and are replaced.</summary>
    public IReadOnlyList<string> DamagedIndexes { get; init; } = [];

    /// <summary>Packs that an index names and that are not at the storage. The next backup stores anew what of them Microsoft 365 still has.</summary>
    public IReadOnlyList<string> AbsentPacks { get; init; } = [];

    /// <summary>Packs whose own list of contents cannot be read.</summary>
    public IReadOnlyList<string> UnreadablePacks { get; init; } = [];

    /// <summary>Pieces saved out of damaged packs.</summary>
    public int PiecesSaved { get; init; }

    /// <summary>Pieces of damaged packs that nothing holds any more.</summary>
    public int PiecesLost { get; init; }

    /// <summary>Snapshots that were there and are not, and not by the retention: ids. Backups name them until a repair has taken them off the list.</summary>
    public IReadOnlyList<string> MissingSnapshots { get; init; } = [];

    /// <summary>Key files that were there and are not: ids.</summary>
    public IReadOnlyList<string> MissingKeys { get; init; } = [];

    /// <summary>Snapshots of which something is lost, with what.</summary>
    public IReadOnlyList<RepairedSnapshot> Snapshots { get; init; } = [];
}
