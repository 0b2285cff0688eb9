namespace KlarKonform.Backup;

/// <summary>An item or folder in a snapshot; pipes into Restore-KKBackupItem. Sizes are bytes, times UTC.</summary>
public sealed record BackupItem
{
    /// <summary>The configuration's name.</summary>
    public required string Configuration { get; init; }

    /// <summary>The newest snapshot that contains it in this version.</summary>
    public required string SnapshotId { get; init; }

    /// <summary>When that snapshot was taken.</summary>
    public required DateTimeOffset SnapshotTime { get; init; }

    /// <summary>Its path in the snapshot.</summary>
    public required string Path { get; init; }

    /// <summary>Its name in the snapshot.</summary>
    public required string Name { get; init; }

    /// <summary>Mail, Event, Contact, User, Group, File, Folder …</summary>
    public required string Type { get; init; }

    /// <summary>Mail, Calendar, Contacts, Directory, OneDrive, SharePoint or WhatsApp.</summary>
    public string Source { get; init; } = "";

    /// <summary>The mailbox, drive or site.</summary>
    public string Resource { get; init; } = "";

    /// <summary>Size in bytes; 0 for a folder.</summary>
    public long Size { get; init; }

    /// <summary>When it was received, begins, or was last changed.</summary>
    public DateTimeOffset Time { get; init; }

    /// <summary>A mail's or event's subject; a contact's or person's name.</summary>
    public string? Subject { get; init; }

    /// <summary>A mail's sender or an event's organizer.</summary>
    public string? From { get; init; }

    /// <summary>A mail's recipients, or a contact's addresses.</summary>
    public string? To { get; init; }

    /// <summary>The item's id at Microsoft.</summary>
    public string? ItemId { get; init; }

    /// <summary>When its deletion in Microsoft 365 was noticed; null if it was not deleted.</summary>
    public DateTimeOffset? Deleted { get; init; }
}
