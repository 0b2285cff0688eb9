namespace KlarKonform.Backup;

/// <summary>How much a failure covers.</summary>
public enum FailureLevel
{
    /// <summary>One item: a mail, an event, a contact, a file, a page.</summary>
    Item,

    /// <summary>A part of a resource: a mail folder, a calendar, a contact folder, a library, a list, the pages of a site.</summary>
    Part,

    /// <summary>A whole resource: a mailbox, a drive, a site, the address book.</summary>
    Resource,

    /// <summary>
    /// Something that accompanies a stored item: its photo, an attachment, the list of its versions, its permissions, a readable copy.
    /// </summary>
    Extra,
}
