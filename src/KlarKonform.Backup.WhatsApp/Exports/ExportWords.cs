using System.Text;

namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>
/// The texts that WhatsApp itself writes into exports, in its languages: ExportWords.txt. The texts are those of WhatsApp 2.22 for Android
/// and iOS, and later ones as seen in people's exports. Anything else is text, unless its position says more.
/// </summary>
internal static class ExportWords
{
    // The longest of them, with a name in it.
    private const int MaxLength = 250;

    private static readonly string[] s_kinds = ["image", "video", "audio", "sticker", "gif", "contact", "document"];
    private static readonly Dictionary<string, List<string>> s_sections = Load();
    private static readonly Dictionary<string, string> s_omitted = Omitted();
    private static readonly HashSet<string> s_attached = Set("attached");
    private static readonly HashSet<string> s_attachedLast = Set("attached, name first");
    private static readonly HashSet<string> s_fileAttached = Set("file attached");
    private static readonly HashSet<string> s_edited = Set("edited");
    private static readonly HashSet<string> s_places = Set("place");
    private static readonly HashSet<string> s_livePlaces = Set("live place");
    private static readonly HashSet<string> s_polls = Set("poll");
    private static readonly HashSet<string> s_calls = Set("call");
    private static readonly HashSet<string> s_deleted = Set("deleted");
    private static readonly (string Before, string After)[] s_deletedBy = Templates("deleted", "%@");
    private static readonly (string Before, string After)[] s_bare = Templates("file attached, name bare", "%s");
    private static readonly ILookup<char, string> s_callsByStart = s_calls.ToLookup(word => word[0]);

    /// <summary>The form that is compared: without marks, case and the full stop, with plain spaces and apostrophes.</summary>
    public static string Fold(string text)
    {
        var plain = new StringBuilder(text.Length);
        foreach (var sign in BidiMarks.Strip(text))
        {
            if (!char.IsWhiteSpace(sign))
                plain.Append(sign is '’' or '‘' or 'ʻ' or 'ʼ' ? '\'' : sign);
            else if (plain.Length > 0 && plain[^1] != ' ')
                plain.Append(' ');
        }

        var folded = plain.ToString().ToLowerInvariant();
        return (ExportFiles.IsWellFormed(folded) ? folded.Normalize(NormalizationForm.FormC) : folded)
            .TrimEnd('.', '。', '।', '۔', ' ')
            .TrimStart();
    }

    /// <summary>"attached", "Anhang": before the file's name, in angle brackets.</summary>
    public static bool IsAttached(string words) => s_attached.Contains(Fold(words));

    /// <summary>The same after the name.</summary>
    public static bool IsAttachedLast(string words) => s_attachedLast.Contains(Fold(words));

    /// <summary>"file attached": after the name, in round brackets.</summary>
    public static bool IsFileAttached(string words) => s_fileAttached.Contains(Fold(words));

    /// <summary>The name in a line that has words without brackets around it, in Persian and Tamil; otherwise null.</summary>
    public static string? BareName(string line)
    {
        foreach (var (before, after) in s_bare)
        {
            // These scripts have no case, so folding does not change the words.
            if (
                line.Length > before.Length + after.Length
                && line.StartsWith(before, StringComparison.Ordinal)
                && line.EndsWith(after, StringComparison.Ordinal)
            )
                return line[before.Length..^after.Length].Trim();
        }

        return null;
    }

    /// <summary>The type of the omitted media, or null: "image omitted", and "media" for Android's text.</summary>
    public static string? OmittedType(string words) => words.Length <= MaxLength ? s_omitted.GetValueOrDefault(Fold(words)) : null;

    /// <summary>Whether the words say that media were left out.</summary>
    public static bool IsOmitted(string words) => OmittedType(words) is not null;

    /// <summary>"This message was edited".</summary>
    public static bool IsEdited(string words) => words.Length <= MaxLength && s_edited.Contains(Fold(words));

    /// <summary>"This message was deleted", by anyone.</summary>
    public static bool IsDeleted(string text)
    {
        if (text.Length > MaxLength)
            return false;
        var folded = Fold(text);
        return s_deleted.Contains(folded)
            || s_deletedBy.Any(words =>
                folded.Length > words.Before.Length + words.After.Length + 1
                && folded.StartsWith(words.Before, StringComparison.Ordinal)
                && folded.EndsWith(words.After, StringComparison.Ordinal)
            );
    }

    /// <summary>"Location", before an address.</summary>
    public static bool IsPlace(string words) => words.Length <= MaxLength && s_places.Contains(Fold(words));

    /// <summary>"live location shared".</summary>
    public static bool IsLivePlace(string text) => text.Length <= MaxLength && s_livePlaces.Contains(Fold(text));

    /// <summary>"POLL".</summary>
    public static bool IsPoll(string words) => words.Length <= MaxLength && s_polls.Contains(Fold(words));

    /// <summary>"Missed voice call", and nothing else.</summary>
    public static bool IsCall(string text) => text.Length <= MaxLength && s_calls.Contains(Fold(text));

    /// <summary>"Missed voice call", with anything after it: the time, "tap to call back".</summary>
    public static bool BeginsCall(string text)
    {
        var folded = Fold(text.Length > MaxLength ? text[..MaxLength] : text);
        return folded.Length > 0
            && s_callsByStart[folded[0]]
                .Any(word =>
                    folded.StartsWith(word, StringComparison.Ordinal)
                    && (folded.Length == word.Length || !char.IsLetter(folded[word.Length]))
                );
    }

    private static HashSet<string> Set(string section) =>
        s_sections[section].Where(word => !word.Contains('%', StringComparison.Ordinal)).Select(Fold).ToHashSet(StringComparer.Ordinal);

    private static (string Before, string After)[] Templates(string section, string name) =>
        [
            .. s_sections[section]
                .Where(word => word.Contains(name, StringComparison.Ordinal))
                .Select(word => word.Split(name))
                .Select(parts => (Fold(parts[0]), Fold(parts[1]))),
        ];

    private static Dictionary<string, string> Omitted()
    {
        var types = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var kind in s_kinds)
        {
            foreach (var word in s_sections[kind])
                types.TryAdd(Fold(word), kind);
        }

        foreach (var word in s_sections["omitted"])
            types.TryAdd(Fold(word), "media");
        return types;
    }

    private static Dictionary<string, List<string>> Load()
    {
        var sections = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        using var reader = new StreamReader(
            typeof(ExportWords).Assembly.GetManifestResourceStream("KlarKonform.Backup.WhatsApp.Exports.ExportWords.txt")!,
            Encoding.UTF8
        );
        List<string>? section = null;
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('['))
                sections[line[1..^1]] = section = [];
            else if (line.Length > 0 && line[0] != '#')
                section!.Add(line);
        }

        return sections;
    }
}
