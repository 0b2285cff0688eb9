namespace KlarKonform.Backup;

/// <summary>A run and what came of it. Times are UTC, sizes bytes.</summary>
public sealed record BackupRun
{
    /// <summary>The run's id; snapshots carry it as tag <c>run:</c>.</summary>
    public required Guid RunId { get; init; }

    /// <summary>The configuration's name.</summary>
    public required string Configuration { get; init; }

    /// <summary>How it stands.</summary>
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

    /// <summary>Items that moved, were renamed or changed properties only.</summary>
    public long ItemsUpdated { get; init; }

    /// <summary>Items that are gone at the source.</summary>
    public long ItemsRemoved { get; init; }

    /// <summary>Items that were deleted in Microsoft 365 and stay below <c>.deleted</c>: added by this run.</summary>
    public long ItemsKeptDeleted { get; init; }

    /// <summary>Items below <c>.deleted</c> whose retention is over: they went from this run's snapshot.</summary>
    public long ItemsExpired { get; init; }

    /// <summary>What retention did after the run; null when there is no policy, or when another one works on the repository.</summary>
    public RetentionResult? Retention { get; init; }

    /// <summary>Bytes read from the source.</summary>
    public long BytesDownloaded { get; init; }

    /// <summary>Bytes written to the storage.</summary>
    public long BytesStored { get; init; }

    /// <summary>Whether the check after the run found everything in order; null when it did not get that far.</summary>
    public bool? Verified => Verification?.IsClean;

    /// <summary>What the check after the run found; null when it did not get that far.</summary>
    public RunVerification? Verification { get; init; }

    /// <summary>Resources that the run covers; zero before they are listed.</summary>
    public int ResourcesTotal { get; init; }

    /// <summary>Resources that are done.</summary>
    public int ResourcesDone { get; init; }

    /// <summary>What is read now, such as <c>Mail: anna@contoso.com</c>; empty when the run has ended.</summary>
    public IReadOnlyList<string> Current { get; init; } = [];

    /// <summary>Estimate of the time that is left, or null.</summary>
    public TimeSpan? Remaining { get; init; }

    /// <summary>Since when nothing has moved any more; null while something does. UTC.</summary>
    public DateTimeOffset? StalledSince { get; init; }

    /// <summary>Until when it waits because Microsoft asked for it; null while it goes on. UTC.</summary>
    public DateTimeOffset? WaitsUntil { get; init; }

    /// <summary>What happened to each resource.</summary>
    public IReadOnlyList<ResourceResult> Resources { get; init; } = [];

    /// <summary>Every item that could not be backed up.</summary>
    public IReadOnlyList<ItemFailure> Failures { get; init; } = [];

    /// <summary>Items that failed in this run or in earlier ones and are tried again, or known to fail for good.</summary>
    public IReadOnlyList<ItemFailure> RetryList { get; init; } = [];

    /// <summary>Things worth knowing, in the user's language.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>The error that ended the run, or null.</summary>
    public string? Error { get; init; }

    /// <summary>Process that runs it, to tell a running backup from a killed one.</summary>
    public int ProcessId { get; init; }

    /// <summary>The computer that runs it.</summary>
    public string HostName { get; init; } = "";

    /// <summary>The run's last sign of life; UTC.</summary>
    public DateTimeOffset? Updated { get; init; }
}
