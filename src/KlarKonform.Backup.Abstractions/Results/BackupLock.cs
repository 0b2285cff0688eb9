namespace KlarKonform.Backup;

/// <summary>A lock of a configuration's repository: a process that works on it, or did and never released it. Times are UTC.</summary>
public sealed record BackupLock
{
    /// <summary>The configuration's name.</summary>
    public required string Configuration { get; init; }

    /// <summary>The lock file's name below <c>locks/</c>.</summary>
    public required string Id { get; init; }

    /// <summary>Alive, Dead, or Unknown: then only watching it can tell.</summary>
    public required BackupLockState State { get; init; }

    /// <summary>The reason for the state, in the language of the session.</summary>
    public required string Reason { get; init; }

    /// <summary>The computer, or null if the file cannot be read.</summary>
    public string? HostName { get; init; }

    /// <summary>The process on that computer.</summary>
    public int? ProcessId { get; init; }

    /// <summary>The user.</summary>
    public string? UserName { get; init; }

    /// <summary>What it is held for; null for stock restic's, and for our own short operations such as retention.</summary>
    public string? Purpose { get; init; }

    /// <summary>Whether it excludes everyone else, as pruning does.</summary>
    public bool? IsExclusive { get; init; }

    /// <summary>
    /// When it was taken, by its owner's clock; for a file that cannot be read, when it was stored, by the storage's clock.
    /// </summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>When it was last renewed, by its owner's clock.</summary>
    public DateTimeOffset? Renewed { get; init; }

    /// <summary>Whether Unlock-KKBackup removes it without -Force: at once, or if it is not renewed while it is watched.</summary>
    public bool Removable { get; init; }

    /// <summary>Whether it was removed.</summary>
    public bool Removed { get; init; }
}
