namespace KlarKonform.Backup;

/// <summary>
/// What to find. All given conditions must hold. A text without wildcards may occur anywhere in the value; one with wildcards must match
/// all of it. Case does not matter.
/// </summary>
public sealed record ItemQuery
{
    /// <summary>Name of the file or folder in the snapshot.</summary>
    public string? Name { get; init; }

    /// <summary>Subject of a mail or event, name of a person or of a chat.</summary>
    public string? Subject { get; init; }

    /// <summary>Sender or organizer: address or name.</summary>
    public string? From { get; init; }

    /// <summary>Recipient: address or name.</summary>
    public string? To { get; init; }

    /// <summary>Mail, Calendar, Contacts, Directory, OneDrive, SharePoint, WhatsApp; none means all.</summary>
    public IReadOnlyList<string> Sources { get; init; } = [];

    /// <summary>Mailbox, drive or site: a pattern.</summary>
    public string? Resource { get; init; }

    /// <summary>Not before; UTC.</summary>
    public DateTimeOffset? After { get; init; }

    /// <summary>Not after; UTC.</summary>
    public DateTimeOffset? Before { get; init; }

    /// <summary>Minimum size in bytes.</summary>
    public long? MinimumSize { get; init; }

    /// <summary>Maximum size in bytes.</summary>
    public long? MaximumSize { get; init; }

    /// <summary>A snapshot's id, its beginning, or <c>latest</c>; null searches all.</summary>
    public string? SnapshotId { get; init; }

    /// <summary>Only items that were deleted in Microsoft 365 and are kept; null means any.</summary>
    public bool? Deleted { get; init; }

    /// <summary>
    /// Whether to find folders too. Otherwise only items are found, so that restoring the results restores each of them once.
    /// </summary>
    public bool IncludeFolders { get; init; }
}
