namespace KlarKonform.Backup;

/// <summary>An item of which the source and the backup disagree after the run, though no error was reported.</summary>
public sealed record ItemMismatch
{
    /// <summary>Mail, Calendar, Contacts, Directory, OneDrive or SharePoint.</summary>
    public required string Kind { get; init; }

    /// <summary>Whose item it is.</summary>
    public required string Resource { get; init; }

    /// <summary>The folder's name.</summary>
    public required string Folder { get; init; }

    /// <summary>The item's Graph id.</summary>
    public required string ItemId { get; init; }

    /// <summary>True: the source has it and the backup has not. False: the backup has it and the source has not.</summary>
    public required bool IsMissing { get; init; }
}
