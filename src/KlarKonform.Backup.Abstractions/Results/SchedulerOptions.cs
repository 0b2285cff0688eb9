namespace KlarKonform.Backup;

/// <summary>How the foreground scheduler runs.</summary>
public sealed record SchedulerOptions
{
    /// <summary>Configurations, by a wildcard pattern.</summary>
    public string Pattern { get; init; } = "*";

    /// <summary>A file that is written every minute and after every run, for monitoring; null for none.</summary>
    public string? HealthPath { get; init; }

    /// <summary>Called for every run that ended.</summary>
    public Action<BackupRun>? Ended { get; init; }
}
