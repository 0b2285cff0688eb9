namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>Why an entry of a ZIP is not read. The other entries are.</summary>
public enum ZipRefusal
{
    /// <summary>Its name leads out of the ZIP: an absolute path, or one with "..".</summary>
    LeadsOut,

    /// <summary>Its name is empty, contains a NUL or is longer than any path.</summary>
    BadName,

    /// <summary>It is encrypted, and the password is unknown.</summary>
    Encrypted,

    /// <summary>It unpacks to more than a hundred times its size.</summary>
    Bomb,
}
