namespace KlarKonform.Backup;

/// <summary>An item about which the source and the backup disagree after the run, although no error was reported.</summary>
public sealed record ItemMismatch
{
    /// <summary>Mail, Calendar, Contacts, Directory, OneDrive or SharePoint.</summary>
    public required string Kind { get; init; }

    /// <summary>The owner of the item.</summary>
    public required string Resource { get; init; }

    /// <summary>The folder's name.</summary>
    public required string Folder { get; init; }

    /// <summary>The item's Graph id.</summary>
    public required string ItemId { get; init; }

    /// <summary>True: at the source but not in the backup. False: in the backup but not at the source.</summary>
    public required bool IsMissing { get; init; }
}
