namespace KlarKonform.Backup.Engine.Snapshots;

/// <summary>The kinds of resources. These words are stored in snapshots and state for ten years: they never change.</summary>
internal static class ResourceKinds
{
    /// <summary>A mailbox's mail.</summary>
    public const string Mail = "Mail";

    /// <summary>A mailbox's calendars.</summary>
    public const string Calendar = "Calendar";

    /// <summary>A mailbox's contacts.</summary>
    public const string Contacts = "Contacts";

    /// <summary>The tenant's address book.</summary>
    public const string Directory = "Directory";

    /// <summary>A user's drive.</summary>
    public const string OneDrive = "OneDrive";

    /// <summary>A site with its libraries, lists and pages.</summary>
    public const string SharePoint = "SharePoint";

    /// <summary>The chats of the business numbers.</summary>
    public const string WhatsApp = "WhatsApp";
}
