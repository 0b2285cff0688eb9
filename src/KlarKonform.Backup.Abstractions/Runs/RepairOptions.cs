namespace KlarKonform.Backup;

/// <summary>What a repair does besides the index.</summary>
public sealed record RepairOptions
{
    /// <summary>Compute what would be done, and touch nothing.</summary>
    public bool PlanOnly { get; init; }

    /// <summary>Packs, by their ids, of which what can be read is saved into new ones; those whose own list of contents is damaged always are.</summary>
    public IReadOnlyList<string> Packs { get; init; } = [];

    /// <summary>Whether snapshots of which something is lost get a copy without it, from which the next backup goes on.</summary>
    public bool Snapshots { get; init; }

    /// <summary>With <see cref="Snapshots"/>: whether the damaged ones go once their copies are durable.</summary>
    public bool Forget { get; init; }
}
