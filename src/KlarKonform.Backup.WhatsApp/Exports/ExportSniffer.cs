namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>Recognises by its first bytes what a file is, whatever its name.</summary>
public static class ExportSniffer
{
    /// <summary>Number of bytes needed.</summary>
    public const int Length = 4;

    /// <summary>
    /// Whether a file is a ZIP: it begins with an entry, the end of an empty one, or a part of several (APPNOTE 4.3.7, 4.3.16, 8.5.4).
    /// </summary>
    /// <param name="start">The file's first bytes.</param>
    public static bool IsZip(ReadOnlySpan<byte> start) =>
        start.StartsWith("PK\u0003\u0004"u8) || start.StartsWith("PK\u0005\u0006"u8) || start.StartsWith("PK\u0007\u0008"u8);
}
