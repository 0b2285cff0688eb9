namespace KlarKonform.Backup;

/// <summary>A lock of a configuration's repository: who works on it, or did and never said good-bye. Times are UTC.</summary>
public sealed record BackupLock
{
    /// <summary>The configuration's name.</summary>
    public required string Configuration { get; init; }

    /// <summary>The lock file's name below <c>locks/</c>.</summary>
    public required string Id { get; init; }

    /// <summary>Alive, Dead, or Unknown: only watching it tells.</summary>
    public required BackupLockState State { get; init; }

    /// <summary>Why it is so, in the language of the session.</summary>
    public required string Reason { get; init; }

    /// <summary>The computer, or null when the file cannot be read.</summary>
    public string? HostName { get; init; }

    /// <summary>The process on that computer.</summary>
    public int? ProcessId { get; init; }

    /// <summary>The user.</summary>
    public string? UserName { get; init; }

    /// <summary>What it is held for; null for stock restic's, and for ours of short work such as retention.</summary>
    public string? Purpose { get; init; }

    /// <summary>Whether it keeps everybody else out, as pruning does.</summary>
    public bool? IsExclusive { get; init; }

    /// <summary>When it was taken, by its owner's clock; of a file that cannot be read, when it was stored, by the storage's.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>When it was last renewed, by its owner's clock.</summary>
    public DateTimeOffset? Renewed { get; init; }

    /// <summary>Whether Unlock-KKBackup removes it without -Force: at once, or when nobody renews it while it is watched.</summary>
    public bool Removable { get; init; }

    /// <summary>Whether it was removed.</summary>
    public bool Removed { get; init; }
}
