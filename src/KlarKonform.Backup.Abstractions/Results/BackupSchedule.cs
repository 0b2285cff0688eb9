namespace KlarKonform.Backup;

/// <summary>A configuration's schedule.</summary>
public sealed record BackupSchedule
{
    /// <summary>The configuration's name.</summary>
    public required string Configuration { get; init; }

    /// <summary>Five cron fields.</summary>
    public required string Cron { get; init; }

    /// <summary>Their time zone.</summary>
    public required string TimeZone { get; init; }

    /// <summary>Whether it is enabled.</summary>
    public required bool Enabled { get; init; }

    /// <summary>The next run; UTC. Null if it is disabled, or if there never is one.</summary>
    public DateTimeOffset? NextRun { get; init; }

    /// <summary>Number of shards into which the resources are divided; 1 for a run by one machine.</summary>
    public int ShardCount { get; init; } = 1;

    /// <summary>What starts it.</summary>
    public required ScheduleMethod Method { get; init; }

    /// <summary>
    /// What was registered, or would be: timer and service, the task's XML, or the crontab line. Empty for the scheduler.
    /// </summary>
    public string Definition { get; init; } = "";

    /// <summary>What else is needed before the runs can begin, or null.</summary>
    public string? Note { get; init; }
}
