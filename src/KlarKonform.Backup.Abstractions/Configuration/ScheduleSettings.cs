namespace KlarKonform.Backup;

/// <summary>When a configuration runs automatically.</summary>
public sealed record ScheduleSettings
{
    /// <summary>Five cron fields: minute, hour, day of month, month, day of week.</summary>
    public required string Cron { get; init; }

    /// <summary>The time zone of the fields, as an IANA or Windows name; null means the computer's own.</summary>
    public string? TimeZone { get; init; }

    /// <summary>Whether it is enabled.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>
    /// Number of shards into which the resources are divided, from 1 to <see cref="BackupOptions.MaxShards"/>, so that several machines
    /// with this schedule share the run; null for a run by one machine.
    /// </summary>
    public int? ShardCount { get; init; }
}
