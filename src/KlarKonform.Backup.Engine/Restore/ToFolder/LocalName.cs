using System.Text;
using KlarKonform.Backup.Engine.Formats;

namespace KlarKonform.Backup.Engine.Restore.ToFolder;

/// <summary>
/// Names from a snapshot as names of local files. A snapshot may be anybody's: whatever a name says, the file lies in the folder that it is
/// restored to, is a plain file there, and is called the same on every system.
/// </summary>
internal static class LocalName
{
    // Windows ("Naming Files, Paths, and Namespaces"): devices with or without an extension, the superscript digits among them.
    private static readonly HashSet<string> s_devices = new(StringComparer.OrdinalIgnoreCase)
    {
        "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "COM0", "COM1", "COM2", "COM3", "COM4", "COM5", "COM6", "COM7", "COM8", "COM9", "COM¹", "COM²", "COM³",
        "LPT0", "LPT1", "LPT2", "LPT3", "LPT4", "LPT5", "LPT6", "LPT7", "LPT8", "LPT9", "LPT¹", "LPT²", "LPT³",
    };

    /// <summary>Bytes of UTF-8 that a name has at most: file systems take 255, and a file under way has a longer name.</summary>
    public const int MaxBytes = 240;

    /// <summary>The name to use.</summary>
    public static string From(string name)
    {
        var safe = new StringBuilder(name.Length);
        foreach (var rune in name.EnumerateRunes())
        {
            // ':' would name an alternate data stream or a drive.
            safe.Append(rune.Value is '<' or '>' or ':' or '"' or '/' or '\\' or '|' or '?' or '*' || Rune.IsControl(rune) || rune.Value == 0xFFFD ? "_" : rune.ToString());
        }

        var result = SafeName.Shorten(safe.ToString(), MaxBytes);
        var kept = result.TrimEnd('.', ' ');
        result = kept + new string('_', result.Length - kept.Length); // Windows drops dots and blanks at the end: "..", "a." and "a" would be one.
        if (result.Length == 0)
            return "_";
        var dot = result.IndexOf('.', StringComparison.Ordinal);
        return s_devices.Contains((dot < 0 ? result : result[..dot]).TrimEnd(' ')) ? "_" + result : result;
    }
}
