namespace KlarKonform.Backup;

/// <summary>What happened to a resource, such as a mailbox or a drive.</summary>
public sealed record ResourceResult
{
    /// <summary>Mail, Calendar, Contacts, Directory, OneDrive, SharePoint or WhatsApp.</summary>
    public required string Kind { get; init; }

    /// <summary>The user's or site's name.</summary>
    public required string Name { get; init; }

    /// <summary>Pending and Running during the run; then Succeeded, Partial or Failed.</summary>
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

    /// <summary>Number of items at the source; null while unknown.</summary>
    public long? ItemsExpected { get; init; }

    /// <summary>Number of items in the backup; null while unknown.</summary>
    public long? ItemsStored { get; init; }

    /// <summary>Items that failed.</summary>
    public int Failures { get; init; }

    /// <summary>Error code, if the resource failed as a whole.</summary>
    public string? Code { get; init; }

    /// <summary>Why it failed or was skipped.</summary>
    public string? Message { get; init; }
}
