namespace KlarKonform.Backup;

/// <summary>What retention removed, or would remove. Sizes are bytes.</summary>
public sealed record RetentionResult
{
    /// <summary>The configuration's name.</summary>
    public required string Configuration { get; init; }

    /// <summary>Whether it was done; false for a plan.</summary>
    public required bool Executed { get; init; }

    /// <summary>Snapshots of the configuration before.</summary>
    public required int Snapshots { get; init; }

    /// <summary>What is decided on each snapshot and why, newest first; checkpoints are not among them.</summary>
    public IReadOnlyList<RetentionDecision> Decisions { get; init; } = [];

    /// <summary>Snapshots that only holds keep.</summary>
    public int Held { get; init; }

    /// <summary>Snapshots that go, oldest first.</summary>
    public required IReadOnlyList<RemovedSnapshot> Removed { get; init; }

    /// <summary>Why a person has to look at the plan before it is carried out, and repeat it with Force; null if nobody needs to.</summary>
    public string? NeedsForce { get; init; }

    /// <summary>Packs that go now: nothing has needed them since a retention the day before.</summary>
    public required int PacksDeleted { get; init; }

    /// <summary>Packs that nothing needs any more, as of now: a retention a day later deletes them.</summary>
    public int PacksRetired { get; init; }

    /// <summary>Bytes of all packs that nothing needs and that a later retention deletes.</summary>
    public long BytesRetired { get; init; }

    /// <summary>Packs of which what is needed is written anew; the rest goes as everything that nothing needs.</summary>
    public required int PacksRepacked { get; init; }

    /// <summary>Bytes of the packs that go now.</summary>
    public required long BytesRemoved { get; init; }

    /// <summary>Bytes that are written anew.</summary>
    public required long BytesRepacked { get; init; }

    /// <summary>Bytes that the storage shrinks by at once, about; below zero when more is written anew than goes.</summary>
    public required long BytesFreed { get; init; }
}
