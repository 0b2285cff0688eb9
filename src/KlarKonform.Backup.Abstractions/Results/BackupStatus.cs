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

    /// <summary>When it runs next by its schedule; null without one.</summary>
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
    /// What Microsoft 365 has and the backup has not, or not as it is: failures of the newest snapshot and of the last run, each once, of items, parts,
    /// whole resources and of what is beside an item, until it is backed up or somebody accepts it (Approve-KKBackupFailure).
    /// </summary>
    public int NotBackedUp { get; init; }

    /// <summary>Failures that somebody accepted, with their reasons; they are not in <see cref="NotBackedUp"/>.</summary>
    public int Accepted { get; init; }

    /// <summary>Why it is not Succeeded, or how far it is while it runs, in the user's language; null when there is nothing to say.</summary>
    public string? Reason { get; init; }

    /// <summary>What of this computer's journal could not be read and was passed over, in the user's language.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    /// <summary>Whether the last run was verified.</summary>
    public bool? Verified { get; init; }

    /// <summary>The error that ended the last run.</summary>
    public string? Error { get; init; }

    /// <summary>Resources that the last run covers.</summary>
    public int ResourcesTotal { get; init; }

    /// <summary>Resources of it that are done.</summary>
    public int ResourcesDone { get; init; }

    /// <summary>What is read now; empty unless it runs.</summary>
    public IReadOnlyList<string> Current { get; init; } = [];

    /// <summary>Estimate of the time that is left, or null.</summary>
    public TimeSpan? Remaining { get; init; }

    /// <summary>Since when nothing has moved any more; null while something does. UTC.</summary>
    public DateTimeOffset? StalledSince { get; init; }

    /// <summary>Until when it waits because Microsoft asked for it; null while it goes on. UTC.</summary>
    public DateTimeOffset? WaitsUntil { get; init; }

    /// <summary>The computer that runs it or ran it last.</summary>
    public string? HostName { get; init; }

    /// <summary>The process on that computer.</summary>
    public int? ProcessId { get; init; }

    /// <summary>The last run's id.</summary>
    public Guid? RunId { get; init; }

    /// <summary>Its last sign of life.</summary>
    public DateTimeOffset? Updated { get; init; }

    /// <summary>What the check after the last run found; null when it did not get that far.</summary>
    public RunVerification? Verification { get; init; }

    /// <summary>Items that failed and are tried again in later runs, or known to fail for good.</summary>
    public IReadOnlyList<ItemFailure> RetryList { get; init; } = [];

    /// <summary>Holds on the configuration, its resources or snapshots; as this computer last saw them, unless the repository was asked.</summary>
    public IReadOnlyList<BackupHold> Holds { get; init; } = [];

    /// <summary>Per resource, of the last run.</summary>
    public IReadOnlyList<ResourceResult> Resources { get; init; } = [];
}
