using System.Security.Cryptography;
using System.Text;

namespace KlarKonform.Backup.Engine.Formats;

/// <summary>Names that Windows, Linux and restic all accept, and that cannot lead elsewhere.</summary>
internal static class SafeName
{
    // ext4 allows 255 bytes, NTFS 255 UTF-16 units; this leaves room for a mark and an extension.
    private const int MaxBytes = 200;

    // Device names of Windows, with or without an extension ("Naming Files, Paths, and Namespaces").
    private static readonly HashSet<string> s_reserved = new(StringComparer.OrdinalIgnoreCase)
    {
        "CON",
        "PRN",
        "AUX",
        "NUL",
        "COM1",
        "COM2",
        "COM3",
        "COM4",
        "COM5",
        "COM6",
        "COM7",
        "COM8",
        "COM9",
        "LPT1",
        "LPT2",
        "LPT3",
        "LPT4",
        "LPT5",
        "LPT6",
        "LPT7",
        "LPT8",
        "LPT9",
    };

    /// <summary>Turns any text into the name of one path component.</summary>
    public static string From(string text, string fallback = "_")
    {
        var safe = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value is '<' or '>' or ':' or '"' or '/' or '\\' or '|' or '?' or '*')
                safe.Append('_');
            else if (Rune.IsControl(rune) || rune.Value == 0xFFFD)
                safe.Append(' ');
            else
                safe.Append(rune.ToString());
        }

        var name = Shorten(safe.ToString().Trim(), MaxBytes).TrimEnd('.', ' ');
        if (name.Length == 0)
            return fallback;
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        return s_reserved.Contains(dot < 0 ? name : name[..dot]) ? "_" + name : name;
    }

    /// <summary>Cuts a text at a number of UTF-8 bytes, keeping a file's extension and whole characters.</summary>
    public static string Shorten(string name, int maxBytes)
    {
        if (Encoding.UTF8.GetByteCount(name) <= maxBytes)
            return name;
        var dot = name.LastIndexOf('.');
        var extension = dot > 0 && name.Length - dot <= 12 ? name[dot..] : "";
        var room = maxBytes - Encoding.UTF8.GetByteCount(extension);
        var kept = new StringBuilder();
        foreach (var rune in name[..(name.Length - extension.Length)].EnumerateRunes())
        {
            if ((room -= rune.Utf8SequenceLength) < 0)
                break;
            kept.Append(rune.ToString());
        }

        return kept.ToString().TrimEnd() + extension;
    }

    /// <summary>A short mark that distinguishes items of the same name and stays the same in every run.</summary>
    public static string Mark(string id) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(id)))[..8].ToLowerInvariant();

    /// <summary>A folder's name with a mark at its end: what looks like an extension there is a domain, a version or a date.</summary>
    public static string FolderWithMark(string name, string id) => $"{name} [{Mark(id)}]";

    /// <summary>The name with the item's mark before its extension.</summary>
    public static string WithMark(string name, string id)
    {
        var dot = name.LastIndexOf('.');
        return dot > 0 && name.Length - dot <= 12 ? $"{name[..dot]} [{Mark(id)}]{name[dot..]}" : $"{name} [{Mark(id)}]";
    }
}
