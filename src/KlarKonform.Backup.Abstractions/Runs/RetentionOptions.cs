namespace KlarKonform.Backup;

/// <summary>
/// Which snapshots stay. Without a rule the configuration's policy decides; if it has none, only checkpoints that are not continued by
/// anything any more are removed, and data that no snapshot needs.
/// </summary>
public sealed record RetentionOptions
{
    /// <summary>A policy for this call instead of the configuration's own, or null.</summary>
    public RetentionSettings? Policy { get; init; }

    /// <summary>Only compute what would be removed.</summary>
    public bool PlanOnly { get; init; }

    /// <summary>
    /// Also remove more than half of the complete snapshots at once, and what a gap or a clock makes doubtful: a person has looked at the
    /// plan.
    /// </summary>
    public bool Force { get; init; }

    /// <summary>
    /// Delete at once what nothing needs any more. Otherwise packs are first removed from the index and deleted a day later, by which time
    /// no process can still be about to refer to them.
    /// </summary>
    public bool InstantDelete { get; init; }

    /// <summary>With <see cref="PlanOnly"/>: as if a backup were made at this time; UTC.</summary>
    public DateTimeOffset? AsOf { get; init; }
}
