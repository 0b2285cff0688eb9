using System.Text;

namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>
/// The names of an export's files, to be found by the names in its text: as they are, or without marks, normalised differently, in another
/// case, or with characters replaced that file systems do not allow.
/// </summary>
public sealed class ExportFiles
{
    private readonly Dictionary<string, string> _exact = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _loose = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, string> _looser = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Takes the names.</summary>
    /// <param name="paths">Paths of one folder's files, with slashes or backslashes. Of two files with the same name the first is
    /// found.</param>
    public ExportFiles(IEnumerable<string> paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        foreach (var path in paths)
        {
            Add(NameOf(path), path);

            // A backslash may be part of the name.
            if (path.Contains('\\', StringComparison.Ordinal))
                Add(path[(path.LastIndexOf('/') + 1)..], path);
        }
    }

    /// <summary>The last part of a path with slashes or backslashes.</summary>
    public static string NameOf(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return path[(path.AsSpan().LastIndexOfAny('/', '\\') + 1)..];
    }

    /// <summary>The path of the file that a message names, or null if it is missing.</summary>
    public string? Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (_exact.TryGetValue(name, out var path))
            return path;
        var plain = Plain(name);
        return _loose.TryGetValue(plain, out path) || _looser.TryGetValue(Held(plain), out path) ? path : null;
    }

    /// <summary>Whether a text can be normalised: unpaired surrogates cannot.</summary>
    internal static bool IsWellFormed(string name)
    {
        for (var i = 0; i < name.Length; i++)
        {
            if (char.IsSurrogate(name[i]) && !(char.IsHighSurrogate(name[i]) && i + 1 < name.Length && char.IsLowSurrogate(name[++i])))
                return false;
        }

        return true;
    }

    private void Add(string name, string path)
    {
        _exact.TryAdd(name, path);
        _loose.TryAdd(Plain(name), path);
        _looser.TryAdd(Held(Plain(name)), path);
    }

    private static string Plain(string name)
    {
        name = BidiMarks.Strip(name).Trim();
        return IsWellFormed(name) ? name.Normalize(NormalizationForm.FormC) : name;
    }

    // Where a colon or a slash is not allowed, telephones, ZIP programs and clouds use something else; trailing dots and spaces are
    // removed.
    private static string Held(string name)
    {
        var held = new StringBuilder(name.Length);
        foreach (var sign in name.TrimEnd('.', ' '))
            held.Append(sign is '/' or '\\' or ':' or '*' or '?' or '"' or '<' or '>' or '|' ? '_' : sign);
        return held.ToString();
    }
}
