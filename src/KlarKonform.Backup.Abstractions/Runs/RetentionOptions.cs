namespace KlarKonform.Backup;

/// <summary>Which snapshots stay. Without a rule the configuration's policy decides; if it has none, only checkpoints that continue nothing any more go, and data that no snapshot needs.</summary>
public sealed record RetentionOptions
{
    /// <summary>A policy for this time instead of the configuration's own, or null.</summary>
    public RetentionSettings? Policy { get; init; }

    /// <summary>Compute what would go, and touch nothing.</summary>
    public bool PlanOnly { get; init; }

    /// <summary>Remove also more than half of the complete snapshots at once, and what a gap or a clock makes doubtful: a person looked at the plan.</summary>
    public bool Force { get; init; }

    /// <summary>
    /// Delete at once what nothing needs any more. Without it, packs are taken out of the index first and deleted a day later, by which time
    /// nobody can be in the middle of referring to them.
    /// </summary>
    public bool InstantDelete { get; init; }

    /// <summary>With <see cref="PlanOnly"/>: as if a backup were made at that time; UTC.</summary>
    public DateTimeOffset? AsOf { get; init; }
}
