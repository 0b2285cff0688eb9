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

    /// <summary>Whether it is in force.</summary>
    public required bool Enabled { get; init; }

    /// <summary>The next run; UTC. Null when it is not in force, or when there never is one.</summary>
    public DateTimeOffset? NextRun { get; init; }

    /// <summary>Into how many shards the resources are divided; 1 for a run by one machine.</summary>
    public int ShardCount { get; init; } = 1;

    /// <summary>Who starts it.</summary>
    public required ScheduleMethod Method { get; init; }

    /// <summary>What was registered, or is to be: timer and service, the task's XML, or the crontab line. Empty for the scheduler.</summary>
    public string Definition { get; init; } = "";

    /// <summary>What else is needed for the runs to begin, or null.</summary>
    public string? Note { get; init; }
}
