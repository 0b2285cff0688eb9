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

/// <summary>One thing that a run needs, and whether it works.</summary>
/// <param name="Configuration">The configuration's name.</param>
/// <param name="Check">What was checked.</param>
/// <param name="Result">Passed, Warning or Failed.</param>
/// <param name="Detail">What was found.</param>
/// <param name="Hint">The next step; empty when it passed.</param>
public sealed record ConnectionCheck(string Configuration, string Check, CheckResult Result, string Detail, string Hint);

/// <summary>Outcome of a check.</summary>
public enum CheckResult
{
    /// <summary>Works.</summary>
    Passed,

    /// <summary>Works, but.</summary>
    Warning,

    /// <summary>Does not work.</summary>
    Failed,
}

/// <summary>A snapshot in the repository.</summary>
public sealed record BackupSnapshot
{
    /// <summary>The configuration's name; pipes into Restore-KKBackupItem.</summary>
    public required string Configuration { get; init; }

    /// <summary>Its id; restic knows it by the first eight digits too.</summary>
    public required string SnapshotId { get; init; }

    /// <summary>When it was taken, UTC.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The tenant.</summary>
    public required string Tenant { get; init; }

    /// <summary>Succeeded, Partial or Checkpoint.</summary>
    public required string Status { get; init; }

    /// <summary>The run that took it.</summary>
    public string? RunId { get; init; }

    /// <summary>All tags.</summary>
    public required IReadOnlyList<string> Tags { get; init; }
}

/// <summary>What to restore and where to.</summary>
public sealed record RestoreRequest
{
    /// <summary>A snapshot's id or its beginning, or <c>latest</c>.</summary>
    public string SnapshotId { get; init; } = "latest";

    /// <summary>Path in the snapshot; wildcards match within one level.</summary>
    public required string Path { get; init; }

    /// <summary>The folder to restore to; created when missing.</summary>
    public required string Destination { get; init; }

    /// <summary>Whether existing files are replaced.</summary>
    public bool Force { get; init; }
}

/// <summary>A file that was restored.</summary>
/// <param name="Path">Its path in the snapshot.</param>
/// <param name="File">The file.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Status">Restored, or Skipped because a file was there.</param>
public sealed record RestoredItem(string Path, string File, long Size, string Status);

/// <summary>How much an integrity check reads.</summary>
public sealed record IntegrityOptions
{
    /// <summary>Share of the data to read and decrypt, 0 (structure only) to 1.</summary>
    public double DataShare { get; init; }
}

/// <summary>What an integrity check found.</summary>
public sealed record IntegrityReport
{
    /// <summary>The configuration's name.</summary>
    public required string Configuration { get; init; }

    /// <summary>Whether nothing is wrong.</summary>
    public required bool Passed { get; init; }

    /// <summary>Snapshots looked at.</summary>
    public required int Snapshots { get; init; }

    /// <summary>Packs in the index.</summary>
    public required int Packs { get; init; }

    /// <summary>Packs read whole.</summary>
    public required int PacksRead { get; init; }

    /// <summary>Bytes read and decrypted.</summary>
    public required long BytesRead { get; init; }

    /// <summary>Everything that is wrong.</summary>
    public required IReadOnlyList<string> Problems { get; init; }
}
