namespace KlarKonform.Backup;

/// <summary>Rules of one's own for <see cref="RetentionPreset.Custom"/>; a snapshot stays if one of them keeps it.</summary>
public sealed record KeepSettings
{
    /// <summary>Every snapshot of so many days, counted back from the newest.</summary>
    public int? Days { get; init; }

    /// <summary>The newest snapshots.</summary>
    public int? Last { get; init; }

    /// <summary>One an hour, so many hours.</summary>
    public int? Hourly { get; init; }

    /// <summary>One a day, so many days.</summary>
    public int? Daily { get; init; }

    /// <summary>One an ISO week, so many weeks.</summary>
    public int? Weekly { get; init; }

    /// <summary>One a month, so many months.</summary>
    public int? Monthly { get; init; }

    /// <summary>One a year, so many years.</summary>
    public int? Yearly { get; init; }
}
