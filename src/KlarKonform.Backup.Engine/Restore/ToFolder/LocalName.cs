using System.Text;
using KlarKonform.Backup.Engine.Formats;

namespace KlarKonform.Backup.Engine.Restore.ToFolder;

/// <summary>
/// Names from a snapshot as names of local files. A snapshot may come from anyone: whatever a name says, the file stays in the folder that
/// it is restored to, is a plain file there, and has the same name on every system.
/// </summary>
internal static class LocalName
{
    // Windows ("Naming Files, Paths, and Namespaces"): device names, with or without an extension, including those with superscript digits.
    private static readonly HashSet<string> s_devices = new(StringComparer.OrdinalIgnoreCase)
    {
        "CON",
        "PRN",
        "AUX",
        "NUL",
        "CONIN$",
        "CONOUT$",
        "COM0",
        "COM1",
        "COM2",
        "COM3",
        "COM4",
        "COM5",
        "COM6",
        "COM7",
        "COM8",
        "COM9",
        "COM¹",
        "COM²",
        "COM³",
        "LPT0",
        "LPT1",
        "LPT2",
        "LPT3",
        "LPT4",
        "LPT5",
        "LPT6",
        "LPT7",
        "LPT8",
        "LPT9",
        "LPT¹",
        "LPT²",
        "LPT³",
    };

    /// <summary>Maximum length of a name in bytes of UTF-8: file systems allow 255, and an unfinished file has a longer name.</summary>
    public const int MaxBytes = 240;

    /// <summary>The name to use.</summary>
    public static string From(string name)
    {
        var safe = new StringBuilder(name.Length);
        foreach (var rune in name.EnumerateRunes())
        {
            // ':' would address an alternate data stream or a drive.
            safe.Append(
                rune.Value is '<' or '>' or ':' or '"' or '/' or '\\' or '|' or '?' or '*' || Rune.IsControl(rune) || rune.Value == 0xFFFD
                    ? "_"
                    : rune.ToString()
            );
        }

        var result = SafeName.Shorten(safe.ToString(), MaxBytes);
        var kept = result.TrimEnd('.', ' ');
        // Windows drops trailing dots and spaces: "..", "a." and "a" would be the same.
        result = kept + new string('_', result.Length - kept.Length);
        if (result.Length == 0)
            return "_";
        var dot = result.IndexOf('.', StringComparison.Ordinal);
        return s_devices.Contains((dot < 0 ? result : result[..dot]).TrimEnd(' ')) ? "_" + result : result;
    }
}
