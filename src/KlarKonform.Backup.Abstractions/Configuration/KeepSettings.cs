namespace KlarKonform.Backup;

/// <summary>Custom rules for <see cref="RetentionPreset.Custom"/>; a snapshot stays if one of them keeps it.</summary>
public sealed record KeepSettings
{
    /// <summary>For how many days to keep every snapshot, counted back from the newest.</summary>
    public int? Days { get; init; }

    /// <summary>How many of the newest snapshots to keep.</summary>
    public int? Last { get; init; }

    /// <summary>For how many hours to keep one snapshot per hour.</summary>
    public int? Hourly { get; init; }

    /// <summary>For how many days to keep one snapshot per day.</summary>
    public int? Daily { get; init; }

    /// <summary>For how many ISO weeks to keep one snapshot per week.</summary>
    public int? Weekly { get; init; }

    /// <summary>For how many months to keep one snapshot per month.</summary>
    public int? Monthly { get; init; }

    /// <summary>For how many years to keep one snapshot per year.</summary>
    public int? Yearly { get; init; }
}
