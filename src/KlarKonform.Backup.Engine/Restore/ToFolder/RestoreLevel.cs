using KlarKonform.Backup.Engine.Browsing;
using KlarKonform.Backup.Engine.Formats;

namespace KlarKonform.Backup.Engine.Restore.ToFolder;

/// <summary>A folder of the snapshot on the way down, and the local folder that corresponds to it.</summary>
internal sealed class RestoreLevel(SnapshotEntry? entry, string path)
{
    // Room for " (1234567)".
    private const int NumberBytes = 10;

    private readonly HashSet<string> _names = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The snapshot's folder; null for the destination itself.</summary>
    public SnapshotEntry? Entry { get; set; } = entry;

    /// <summary>The local folder.</summary>
    public string Path => path;

    /// <summary>Why nothing may be written to it, or null.</summary>
    public string? Blocked { get; set; }

    /// <summary>Whether the local folder is known to exist.</summary>
    public bool IsMade { get; set; }

    /// <summary>The combined files for its items, by kind.</summary>
    public Dictionary<string, CombinedFile> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>Creates the local folder.</summary>
    /// <exception cref="IOException">It cannot be created; an <see cref="UnauthorizedAccessException"/> is possible too.</exception>
    public void Make()
    {
        if (IsMade)
            return;
        Directory.CreateDirectory(path);
        IsMade = true;
    }

    /// <summary>A name that is not yet used in this folder, also on systems that ignore case or Unicode normalisation.</summary>
    public string Claim(string name)
    {
        var wished = LocalName.From(name);
        var free = wished;
        for (var number = 2; !_names.Add(free.IsNormalized() ? free : free.Normalize()); number++)
            free = Numbered(SafeName.Shorten(wished, LocalName.MaxBytes - NumberBytes), number);
        return free;
    }

    /// <summary>A name with a number before its extension.</summary>
    public static string Numbered(string name, int number)
    {
        var dot = name.LastIndexOf('.');
        return dot > 0 && name.Length - dot <= 12 ? $"{name[..dot]} ({number}){name[dot..]}" : $"{name} ({number})";
    }
}
