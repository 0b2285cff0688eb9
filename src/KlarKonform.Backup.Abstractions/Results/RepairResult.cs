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

    /// <summary>Packs that no index described, read again from their own lists of contents.</summary>
    public required int PacksRead { get; init; }

    /// <summary>Index files that could not be read and are replaced.</summary>
    public IReadOnlyList<string> DamagedIndexes { get; init; } = [];

    /// <summary>
    /// Packs in the index that are not at the storage. The next backup stores again what Microsoft 365 still has of their contents.
    /// </summary>
    public IReadOnlyList<string> AbsentPacks { get; init; } = [];

    /// <summary>Packs whose own list of contents cannot be read.</summary>
    public IReadOnlyList<string> UnreadablePacks { get; init; } = [];

    /// <summary>Chunks saved from damaged packs.</summary>
    public int PiecesSaved { get; init; }

    /// <summary>Chunks of damaged packs that are not stored anywhere else.</summary>
    public int PiecesLost { get; init; }

    /// <summary>
    /// Snapshots that existed and are gone, but not through retention: ids. Backups report them until a repair has removed them from the
    /// list.
    /// </summary>
    public IReadOnlyList<string> MissingSnapshots { get; init; } = [];

    /// <summary>Key files that existed and are gone: ids.</summary>
    public IReadOnlyList<string> MissingKeys { get; init; } = [];

    /// <summary>Snapshots that have lost something, with what they have lost.</summary>
    public IReadOnlyList<RepairedSnapshot> Snapshots { get; init; } = [];
}
