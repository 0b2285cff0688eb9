using System.Text;

namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>Names of an export's files, found again by the names in its text: as they are, normalised otherwise, or in another case.</summary>
public sealed class ExportFiles
{
    private readonly Dictionary<string, string> _exact = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _loose = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Takes names in.</summary>
    /// <param name="paths">Paths of one folder's files, with slashes.</param>
    public ExportFiles(IEnumerable<string> paths)
    {
        foreach (var path in paths)
        {
            var name = path[(path.LastIndexOf('/') + 1)..];
            _exact.TryAdd(name, path);
            _loose.TryAdd(name.Normalize(NormalizationForm.FormC), path);
        }
    }

    /// <summary>The path of the file that a message names, or null when it is missing.</summary>
    public string? Find(string name) => _exact.TryGetValue(name, out var path) ? path : IsWellFormed(name) && _loose.TryGetValue(name.Normalize(NormalizationForm.FormC), out path) ? path : null;

    // Half a surrogate pair cannot be normalised.
    private static bool IsWellFormed(string name)
    {
        foreach (var rune in name.EnumerateRunes())
        {
            if (rune == Rune.ReplacementChar)
                return false;
        }

        return true;
    }
}
