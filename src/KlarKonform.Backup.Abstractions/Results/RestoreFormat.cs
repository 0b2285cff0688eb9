namespace KlarKonform.Backup;

/// <summary>In which form a restore to a folder writes what has more than one.</summary>
public enum RestoreFormat
{
    /// <summary>As the snapshot holds it: EML; ICS and VCF with Graph's JSON beside them.</summary>
    AsStored,

    /// <summary>What other programs open: EML, ICS, VCF, attachments and photos, without JSON; the address book and chats as CSV too.</summary>
    Readable,

    /// <summary>One file a folder: mbox for mail, ICS for a calendar, VCF for contacts, CSV for the address book and for each chat. Files stay files.</summary>
    Combined,
}
