namespace KlarKonform.Backup;

/// <summary>What happened to a mailbox or a drive.</summary>
public sealed record ResourceResult
{
    /// <summary>Mail, Calendar, Contacts, Directory, OneDrive or SharePoint.</summary>
    public required string Kind { get; init; }

    /// <summary>Whose it is.</summary>
    public required string Name { get; init; }

    /// <summary>Pending and Running while the run goes on; then Succeeded, Partial or Failed.</summary>
    public required BackupState Status { get; init; }

    /// <summary>Whether there was nothing to back up (no mailbox, no OneDrive, a locked site).</summary>
    public bool Skipped { get; init; }

    /// <summary>Items downloaded.</summary>
    public long ItemsDownloaded { get; init; }

    /// <summary>Items updated without a download.</summary>
    public long ItemsUpdated { get; init; }

    /// <summary>Items removed.</summary>
    public long ItemsRemoved { get; init; }

    /// <summary>Bytes downloaded.</summary>
    public long BytesDownloaded { get; init; }

    /// <summary>Items that the source has; null while nobody knows.</summary>
    public long? ItemsExpected { get; init; }

    /// <summary>Items that the backup has; null while nobody knows.</summary>
    public long? ItemsStored { get; init; }

    /// <summary>Items that failed.</summary>
    public int Failures { get; init; }

    /// <summary>Error code, when the resource failed as a whole.</summary>
    public string? Code { get; init; }

    /// <summary>Why it failed or was skipped.</summary>
    public string? Message { get; init; }
}
