namespace KlarKonform.Backup;

/// <summary>A configuration's status. Times are UTC, sizes bytes.</summary>
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

    /// <summary>When it runs next according to its schedule; null without one.</summary>
    public DateTimeOffset? NextRun { get; init; }

    /// <summary>When a run last succeeded or was partial.</summary>
    public DateTimeOffset? LastSuccess { get; init; }

    /// <summary>Items that the last run downloaded or updated.</summary>
    public long Items { get; init; }

    /// <summary>Bytes that the last run downloaded.</summary>
    public long Bytes { get; init; }

    /// <summary>Items and resources that failed in the last run.</summary>
    public int Failures { get; init; }

    /// <summary>
    /// Number of failures because of which data in Microsoft 365 is missing from the backup or incomplete there: those of the newest
    /// snapshot and of the last run, each counted once, for items, parts, whole resources and what accompanies an item, until it is backed
    /// up or an admin accepts it (Approve-KKBackupFailure).
    /// </summary>
    public int NotBackedUp { get; init; }

    /// <summary>Number of accepted failures; they are not included in <see cref="NotBackedUp"/>.</summary>
    public int Accepted { get; init; }

    /// <summary>Why it is not Succeeded, or its progress while it runs, in the user's language; null if there is nothing to say.</summary>
    public string? Reason { get; init; }

    /// <summary>What could not be read in this computer's journal and was skipped, in the user's language.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    /// <summary>Whether the last run was verified.</summary>
    public bool? Verified { get; init; }

    /// <summary>The error that ended the last run.</summary>
    public string? Error { get; init; }

    /// <summary>Resources that the last run covers.</summary>
    public int ResourcesTotal { get; init; }

    /// <summary>Number of its resources that are finished.</summary>
    public int ResourcesDone { get; init; }

    /// <summary>What is being read now; empty unless it is running.</summary>
    public IReadOnlyList<string> Current { get; init; } = [];

    /// <summary>Estimated time remaining, or null.</summary>
    public TimeSpan? Remaining { get; init; }

    /// <summary>Since when nothing has moved; null while something does. UTC.</summary>
    public DateTimeOffset? StalledSince { get; init; }

    /// <summary>Until when it waits because Microsoft asked for it; null while it is not waiting. UTC.</summary>
    public DateTimeOffset? WaitsUntil { get; init; }

    /// <summary>The computer that runs it or ran it last.</summary>
    public string? HostName { get; init; }

    /// <summary>The process on that computer.</summary>
    public int? ProcessId { get; init; }

    /// <summary>The last run's id.</summary>
    public Guid? RunId { get; init; }

    /// <summary>Its last sign of life.</summary>
    public DateTimeOffset? Updated { get; init; }

    /// <summary>What the check after the last run found; null if it did not get that far.</summary>
    public RunVerification? Verification { get; init; }

    /// <summary>Items that failed and will be tried again in later runs, or that are known to fail permanently.</summary>
    public IReadOnlyList<ItemFailure> RetryList { get; init; } = [];

    /// <summary>
    /// Holds on the configuration, its resources or snapshots; as this computer last saw them, unless the repository was read.
    /// </summary>
    public IReadOnlyList<BackupHold> Holds { get; init; } = [];

    /// <summary>Results per resource of the last run.</summary>
    public IReadOnlyList<ResourceResult> Resources { get; init; } = [];
}
