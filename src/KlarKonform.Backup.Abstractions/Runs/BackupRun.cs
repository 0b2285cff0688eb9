namespace KlarKonform.Backup;

/// <summary>A run and its result. Times are UTC, sizes bytes.</summary>
public sealed record BackupRun
{
    /// <summary>The run's id; snapshots have it in the tag <c>run:</c>.</summary>
    public required Guid RunId { get; init; }

    /// <summary>The configuration's name.</summary>
    public required string Configuration { get; init; }

    /// <summary>Its state.</summary>
    public required BackupState Status { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset Started { get; init; }

    /// <summary>When it ended, or null while it runs.</summary>
    public DateTimeOffset? Ended { get; init; }

    /// <summary>How long it took, or has taken so far.</summary>
    public TimeSpan Duration => (Ended ?? Updated ?? Started) - Started;

    /// <summary>The snapshot that it wrote.</summary>
    public string? SnapshotId { get; init; }

    /// <summary>Items that were downloaded.</summary>
    public long ItemsDownloaded { get; init; }

    /// <summary>Items that moved, were renamed or changed only properties.</summary>
    public long ItemsUpdated { get; init; }

    /// <summary>Items that no longer exist at the source.</summary>
    public long ItemsRemoved { get; init; }

    /// <summary>Items that were deleted in Microsoft 365 and stay below <c>.deleted</c>: added by this run.</summary>
    public long ItemsKeptDeleted { get; init; }

    /// <summary>Items below <c>.deleted</c> whose retention has expired: removed from this run's snapshot.</summary>
    public long ItemsExpired { get; init; }

    /// <summary>What retention did after the run; null if there is no policy, or if another process works on the repository.</summary>
    public RetentionResult? Retention { get; init; }

    /// <summary>Bytes read from the source.</summary>
    public long BytesDownloaded { get; init; }

    /// <summary>Bytes written to the storage.</summary>
    public long BytesStored { get; init; }

    /// <summary>Whether the check after the run found everything in order; null if it did not get that far.</summary>
    public bool? Verified => Verification?.IsClean;

    /// <summary>What the check after the run found; null if it did not get that far.</summary>
    public RunVerification? Verification { get; init; }

    /// <summary>Resources that the run covers; zero before they are listed.</summary>
    public int ResourcesTotal { get; init; }

    /// <summary>Number of finished resources.</summary>
    public int ResourcesDone { get; init; }

    /// <summary>What is being read now, such as <c>Mail: anna@contoso.com</c>; empty once the run has ended.</summary>
    public IReadOnlyList<string> Current { get; init; } = [];

    /// <summary>Estimated time remaining, or null.</summary>
    public TimeSpan? Remaining { get; init; }

    /// <summary>Since when nothing has moved; null while something does. UTC.</summary>
    public DateTimeOffset? StalledSince { get; init; }

    /// <summary>Until when it waits because Microsoft asked for it; null while it is not waiting. UTC.</summary>
    public DateTimeOffset? WaitsUntil { get; init; }

    /// <summary>What happened to each resource.</summary>
    public IReadOnlyList<ResourceResult> Resources { get; init; } = [];

    /// <summary>Every item that could not be backed up.</summary>
    public IReadOnlyList<ItemFailure> Failures { get; init; } = [];

    /// <summary>Items that failed in this run or in earlier ones and will be tried again, or that are known to fail permanently.</summary>
    public IReadOnlyList<ItemFailure> RetryList { get; init; } = [];

    /// <summary>Things worth knowing, in the user's language.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>The error that ended the run, or null.</summary>
    public string? Error { get; init; }

    /// <summary>The process that runs it, to distinguish a running backup from a killed one.</summary>
    public int ProcessId { get; init; }

    /// <summary>The computer that runs it.</summary>
    public string HostName { get; init; } = "";

    /// <summary>The run's last sign of life; UTC.</summary>
    public DateTimeOffset? Updated { get; init; }
}
