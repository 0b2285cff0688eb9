namespace KlarKonform.Backup;

/// <summary>What a repair does in addition to the index.</summary>
public sealed record RepairOptions
{
    /// <summary>Only compute what would be done.</summary>
    public bool PlanOnly { get; init; }

    /// <summary>
    /// Packs, by their ids, whose readable contents are saved into new ones; this is always done for packs with a damaged list of contents.
    /// </summary>
    public IReadOnlyList<string> Packs { get; init; } = [];

    /// <summary>Whether to create a copy of damaged snapshots without what they have lost, from which the next backup continues.</summary>
    public bool Snapshots { get; init; }

    /// <summary>With <see cref="Snapshots"/>: whether to remove the damaged ones once their copies are durable.</summary>
    public bool Forget { get; init; }
}
