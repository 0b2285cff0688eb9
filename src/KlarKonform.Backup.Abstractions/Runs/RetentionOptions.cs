namespace KlarKonform.Backup;

/// <summary>Which snapshots stay. Without a rule only checkpoints that continue nothing any more go, and data that no snapshot needs.</summary>
public sealed record RetentionOptions
{
    /// <summary>So many of the newest complete snapshots stay; at least one always does.</summary>
    public int? KeepLast { get; init; }

    /// <summary>Snapshots of so many days stay.</summary>
    public int? KeepDays { get; init; }

    /// <summary>Compute what would go, and touch nothing.</summary>
    public bool PlanOnly { get; init; }
}
