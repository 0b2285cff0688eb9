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

    /// <summary>Packs that go because nothing in them is needed.</summary>
    public required int PacksDeleted { get; init; }

    /// <summary>Packs that go after what is needed of them was written anew.</summary>
    public required int PacksRepacked { get; init; }

    /// <summary>Bytes of the packs that go.</summary>
    public required long BytesRemoved { get; init; }

    /// <summary>Bytes that are written anew.</summary>
    public required long BytesRepacked { get; init; }

    /// <summary>Bytes that the storage shrinks by, about.</summary>
    public required long BytesFreed { get; init; }
}
