namespace KlarKonform.Backup;

/// <summary>Which snapshots stay. Without a rule the configuration's policy decides; if it has none, only checkpoints that continue nothing any more go, and data that no snapshot needs.</summary>
public sealed record RetentionOptions
{
    /// <summary>A policy for this time instead of the configuration's own, or null.</summary>
    public RetentionSettings? Policy { get; init; }

    /// <summary>Compute what would go, and touch nothing.</summary>
    public bool PlanOnly { get; init; }

    /// <summary>With <see cref="PlanOnly"/>: as if a backup were made at that time; UTC.</summary>
    public DateTimeOffset? AsOf { get; init; }
}
