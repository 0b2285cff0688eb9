namespace KlarKonform.Backup;

/// <summary>The form in which a restore to a folder writes items that have more than one.</summary>
public enum RestoreFormat
{
    /// <summary>As stored in the snapshot: EML; ICS and VCF with Graph's JSON next to them.</summary>
    AsStored,

    /// <summary>For other programs: EML, ICS, VCF, attachments and photos, without JSON; the address book and chats as CSV too.</summary>
    Readable,

    /// <summary>
    /// One file per folder: mbox for mail, ICS for a calendar, VCF for contacts, CSV for the address book and for each chat. Files stay
    /// files.
    /// </summary>
    Combined,
}
