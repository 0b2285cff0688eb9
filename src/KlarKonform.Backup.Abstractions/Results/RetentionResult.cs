namespace KlarKonform.Backup;

/// <summary>What retention removed, or would remove. Sizes are bytes.</summary>
public sealed record RetentionResult
{
    /// <summary>The configuration's name.</summary>
    public required string Configuration { get; init; }

    /// <summary>Whether it was done; false for a plan.</summary>
    public required bool Executed { get; init; }

    /// <summary>Number of snapshots of the configuration before.</summary>
    public required int Snapshots { get; init; }

    /// <summary>What is decided about each snapshot and why, newest first; checkpoints are not included.</summary>
    public IReadOnlyList<RetentionDecision> Decisions { get; init; } = [];

    /// <summary>Number of snapshots that only holds keep.</summary>
    public int Held { get; init; }

    /// <summary>Snapshots to remove, oldest first.</summary>
    public required IReadOnlyList<RemovedSnapshot> Removed { get; init; }

    /// <summary>
    /// Why a person must look at the plan before it is carried out, and repeat it with Force; null if that is not necessary.
    /// </summary>
    public string? NeedsForce { get; init; }

    /// <summary>Packs to delete now: nothing has needed them since a retention the day before.</summary>
    public required int PacksDeleted { get; init; }

    /// <summary>Packs that nothing needs any more from now on: a retention a day later deletes them.</summary>
    public int PacksRetired { get; init; }

    /// <summary>Bytes of all packs that nothing needs and that a later retention deletes.</summary>
    public long BytesRetired { get; init; }

    /// <summary>Packs of which the needed part is repacked; the rest is removed like everything that nothing needs.</summary>
    public required int PacksRepacked { get; init; }

    /// <summary>Bytes of the packs to delete now.</summary>
    public required long BytesRemoved { get; init; }

    /// <summary>Bytes to repack.</summary>
    public required long BytesRepacked { get; init; }

    /// <summary>Approximate number of bytes by which the storage shrinks at once; negative if more is repacked than deleted.</summary>
    public required long BytesFreed { get; init; }
}
