namespace KlarKonform.Backup;

/// <summary>What to back up: a section that is present is enabled.</summary>
public sealed record SourceSettings
{
    /// <summary>Mail of every user, or null.</summary>
    public MailSelection? Mail { get; init; }

    /// <summary>Calendars of every user, or null.</summary>
    public SourceSelection? Calendar { get; init; }

    /// <summary>Personal contacts of every user, or null.</summary>
    public SourceSelection? Contacts { get; init; }

    /// <summary>The tenant's address book, or null.</summary>
    public DirectorySettings? Directory { get; init; }

    /// <summary>OneDrive of every user, or null.</summary>
    public DriveSelection? OneDrive { get; init; }

    /// <summary>SharePoint's sites, or null. Its patterns match a site's title, its address, or the address's path.</summary>
    public DriveSelection? SharePoint { get; init; }

    /// <summary>WhatsApp chats, or null.</summary>
    public WhatsAppSettings? WhatsApp { get; init; }
}
