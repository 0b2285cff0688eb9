namespace KlarKonform.Backup;

/// <summary>How a configuration stands. Times are UTC, sizes bytes.</summary>
public sealed record BackupStatus
{
    /// <summary>The configuration's name.</summary>
    public required string Name { get; init; }

    /// <summary>The last run's state.</summary>
    public required BackupState Status { get; init; }

    /// <summary>The state in the user's language.</summary>
    public required string StatusText { get; init; }

    /// <summary>When the last run began.</summary>
    public DateTimeOffset? LastRun { get; init; }

    /// <summary>When a run last succeeded or was partial.</summary>
    public DateTimeOffset? LastSuccess { get; init; }

    /// <summary>Items that the last run downloaded or updated.</summary>
    public long Items { get; init; }

    /// <summary>Bytes that the last run downloaded.</summary>
    public long Bytes { get; init; }

    /// <summary>Items and resources that failed.</summary>
    public int Failures { get; init; }

    /// <summary>Whether the last run was verified.</summary>
    public bool? Verified { get; init; }

    /// <summary>The error that ended the last run.</summary>
    public string? Error { get; init; }

    /// <summary>Per resource, of the last run.</summary>
    public IReadOnlyList<ResourceResult> Resources { get; init; } = [];
}
