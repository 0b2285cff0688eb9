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

    /// <summary>The snapshot that it wrote.</summary>
    public string? SnapshotId { get; init; }

    /// <summary>Items that were downloaded.</summary>
    public long ItemsDownloaded { get; init; }

    /// <summary>Items that moved, were renamed or changed properties only.</summary>
    public long ItemsUpdated { get; init; }

    /// <summary>Items that are gone at the source.</summary>
    public long ItemsRemoved { get; init; }

    /// <summary>Bytes read from the source.</summary>
    public long BytesDownloaded { get; init; }

    /// <summary>Bytes written to the storage.</summary>
    public long BytesStored { get; init; }

    /// <summary>Whether the check after the run found everything in order; null when it did not get that far.</summary>
    public bool? Verified { get; init; }

    /// <summary>What happened to each resource.</summary>
    public IReadOnlyList<ResourceResult> Resources { get; init; } = [];

    /// <summary>Every item that could not be backed up.</summary>
    public IReadOnlyList<ItemFailure> Failures { get; init; } = [];

    /// <summary>Things worth knowing, in the user's language.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>The error that ended the run, or null.</summary>
    public string? Error { get; init; }

    /// <summary>Process that runs it, to tell a running backup from a killed one.</summary>
    public int ProcessId { get; init; }
}

/// <summary>The five states.</summary>
public enum BackupState
{
    /// <summary>Never ran.</summary>
    Pending,

    /// <summary>Runs now.</summary>
    Running,

    /// <summary>Everything is backed up.</summary>
    Succeeded,

    /// <summary>Some resources or items failed, or the run was stopped; the rest is backed up.</summary>
    Partial,

    /// <summary>Nothing could be backed up.</summary>
    Failed,
}

/// <summary>What happened to a mailbox or a drive.</summary>
public sealed record ResourceResult
{
    /// <summary>Mail or OneDrive.</summary>
    public required string Kind { get; init; }

    /// <summary>Whose it is.</summary>
    public required string Name { get; init; }

    /// <summary>Succeeded, Partial or Failed.</summary>
    public required BackupState Status { get; init; }

    /// <summary>Whether there was nothing to back up (no mailbox, no OneDrive).</summary>
    public bool Skipped { get; init; }

    /// <summary>Items downloaded.</summary>
    public long ItemsDownloaded { get; init; }

    /// <summary>Items updated without a download.</summary>
    public long ItemsUpdated { get; init; }

    /// <summary>Items removed.</summary>
    public long ItemsRemoved { get; init; }

    /// <summary>Bytes downloaded.</summary>
    public long BytesDownloaded { get; init; }

    /// <summary>Items that failed.</summary>
    public int Failures { get; init; }

    /// <summary>Error code, when the resource failed as a whole.</summary>
    public string? Code { get; init; }

    /// <summary>Why it failed or was skipped.</summary>
    public string? Message { get; init; }
}

/// <summary>An item that could not be backed up.</summary>
public sealed record ItemFailure
{
    /// <summary>The resource's kind.</summary>
    public required string Kind { get; init; }

    /// <summary>Whose item it is.</summary>
    public required string Resource { get; init; }

    /// <summary>The item's Graph id.</summary>
    public required string ItemId { get; init; }

    /// <summary>Subject or file name.</summary>
    public required string Name { get; init; }

    /// <summary>Error code.</summary>
    public required string Code { get; init; }

    /// <summary>Graph's words.</summary>
    public required string Message { get; init; }

    /// <summary>What to do about it, in the user's language.</summary>
    public string Hint { get; init; } = "";

    /// <summary>Runs in which it failed.</summary>
    public int Attempts { get; init; } = 1;

    /// <summary>Whether later runs will not try again until the item changes.</summary>
    public bool Permanent { get; init; }

    /// <summary>The item's folder, for the next attempt.</summary>
    public string Parent { get; init; } = "";
}
