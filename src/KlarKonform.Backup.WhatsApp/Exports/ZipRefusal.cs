namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>Why an entry of a ZIP is not read. The others are.</summary>
public enum ZipRefusal
{
    /// <summary>Its name leads out of the ZIP: an absolute path, or one with "..".</summary>
    LeadsOut,

    /// <summary>Its name is empty, holds a NUL or is longer than any path.</summary>
    BadName,

    /// <summary>It is encrypted; nobody knows the password.</summary>
    Encrypted,

    /// <summary>It unpacks to more than a hundred times its size.</summary>
    Bomb,
}
