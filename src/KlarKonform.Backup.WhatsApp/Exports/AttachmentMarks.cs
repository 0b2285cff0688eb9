using System.Text.RegularExpressions;

namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>
/// Finds the file that a message names: by WhatsApp's brackets, and by whether the export has a file of that name, whatever the words
/// around it. If the file is missing, known words or WhatsApp's own file names decide.
/// </summary>
internal static partial class AttachmentMarks
{
    // File systems allow 255 characters; plus the words around them.
    private const int MaxLine = 700;
    private const int MaxWords = 60;
    private const int MaxBrackets = 16;

    /// <summary>The attachment of a message, and the rest of its text.</summary>
    /// <param name="text">The message's text.</param>
    /// <param name="own">Whether WhatsApp's own mark precedes it.</param>
    /// <param name="format">The format of its export.</param>
    /// <param name="files">The export's files; null if unknown.</param>
    public static (string Name, string Caption)? Find(string text, bool own, ExportFormat format, ExportFiles? files)
    {
        if (Pointed(text, files) is { } pointed)
            return pointed;
        var plain = BidiMarks.Strip(text).Trim();
        var first = FirstLine(plain);
        return first.Length is 0 or > MaxLine || Round(first, own, format, files) is not { } name
            ? null
            : (name, plain[first.Length..].Trim());
    }

    /// <summary>"NAME (words)" if the name is a file of the export.</summary>
    public static (string Name, string Words)? Bracketed(string line, ExportFiles files)
    {
        if (line.Length > MaxLine || line.Length < 4 || line[^1] is not (')' or '）'))
            return null;
        var open = line.Length - 1;
        for (var i = 0; i < MaxBrackets && (open = line.AsSpan(0, open).LastIndexOfAny('(', '（')) > 0; i++)
        {
            if (line.Length - open > MaxWords + 2)
                break;
            var name = line[..open].Trim();
            if (name.Length > 0 && files.Find(name) is not null)
                return (name, line[(open + 1)..^1].Trim());
        }

        return null;
    }

    // Android: on the first line, with the caption below. After WhatsApp's own mark any name counts, even if its file is missing.
    private static string? Round(string line, bool own, ExportFormat format, ExportFiles? files)
    {
        line = line.TrimEnd();
        if (ExportWords.BareName(line) is { Length: > 0 } bare && (files?.Find(bare) is not null || IsName(bare)))
            return bare;
        if (
            files is not null
            && Bracketed(line, files) is { } found
            && (
                format.AttachedWords is null
                || ExportWords.Fold(found.Words) == format.AttachedWords
                || ExportWords.IsFileAttached(found.Words)
            )
        )
            return found.Name;
        if (line.Length < 4 || line[^1] is not (')' or '）') || line.AsSpan().LastIndexOfAny('(', '（') is not (> 0 and var open))
            return null;
        var (name, words) = (line[..open].Trim(), line[(open + 1)..^1].Trim());
        return
            ((IsName(name) || (own && name.Length <= 255)) && ExportWords.IsFileAttached(words))
            || (OwnName().IsMatch(name) && words.Length > 0 && !words.Any(char.IsDigit))
            ? name
            : null;
    }

    // iOS: the last line that ends with an angle bracket; the caption is the rest.
    private static (string Name, string Caption)? Pointed(string text, ExportFiles? files)
    {
        for (var end = text.Length; end > 0; )
        {
            var start = text.AsSpan(0, end).LastIndexOfAny('\r', '\n') + 1;
            var line = text.AsSpan(start, end - start);
            var close = line.LastIndexOf('>');
            if (
                close > 0
                && line.Length <= MaxLine
                && line[(close + 1)..].Trim().Length == 0
                && InBrackets(line[..close].ToString(), files) is var (name, open)
            )
                return (name, BidiMarks.Strip(text.Remove(start + open, close + 1 - open)).Trim());
            end = start - 1;
        }

        return null;
    }

    private static (string Name, int Open)? InBrackets(string line, ExportFiles? files)
    {
        var open = line.Length;
        for (var i = 0; i < MaxBrackets && (open = line.AsSpan(0, open).LastIndexOf('<')) >= 0; i++)
        {
            var inner = BidiMarks.Strip(line[(open + 1)..]).Trim();
            var own = open > 0 && BidiMarks.IsOwn(line[open - 1]);
            if (Named(inner, own, files) is { } name)
                return (name, open);

            // Exports of 2017: the name before the words.
            var before = BidiMarks.Strip(line[..open]).Trim();
            if (
                before.Length > 0
                && (ExportWords.IsAttached(inner) || ExportWords.IsAttachedLast(inner))
                && (files?.Find(before) is not null || IsName(before))
            )
                return (before, 0);
        }

        return null;
    }

    private static string? Named(string inner, bool own, ExportFiles? files)
    {
        if (inner.AsSpan().IndexOfAny(':', '：') is > 0 and <= MaxWords and var colon)
        {
            var (words, name) = (inner[..colon].Trim(), inner[(colon + 1)..].Trim());
            if (name.Length > 0 && (files?.Find(name) is not null || (name.Length <= 255 && IsMarked(name, words, own))))
                return name;
        }

        // In Turkish the word follows the name.
        for (var blank = inner.LastIndexOf(' '); blank > 0 && inner.Length - blank <= MaxWords; blank = inner.LastIndexOf(' ', blank - 1))
        {
            var name = inner[..blank].Trim();
            if (
                name.Length > 0
                && (
                    files?.Find(name) is not null
                    || (ExportWords.IsAttachedLast(inner[(blank + 1)..]) && name.AsSpan().IndexOfAny('<', '>') < 0 && IsName(name))
                )
            )
                return name;
        }

        return null;
    }

    // People may type brackets inside brackets, but not WhatsApp's own mark before them and its own word in them.
    private static bool IsMarked(string name, string words, bool own) =>
        name.AsSpan().IndexOfAny('<', '>') < 0
            ? ExportWords.IsAttached(words) || (own && words.All(IsWord))
            : own && ExportWords.IsAttached(words);

    private static bool IsWord(char sign) => DayHalves.IsPart(sign) || sign is ' ' or '\'' or '’';

    /// <summary>The text up to the end of its first line.</summary>
    public static string FirstLine(string text) => text.AsSpan().IndexOfAny('\r', '\n') is >= 0 and var end ? text[..end] : text;

    private static bool IsName(string name) => name.Length <= 255 && (Extension().IsMatch(name) || OwnName().IsMatch(name));

    // WhatsApp stores some documents without an extension, but with the dot before it.
    [GeneratedRegex(@"^(?:IMG|VID|AUD|PTT|PTV|STK|GIF|DOC)-\d{8}-WA\d{4,6}(?:\.\w{0,10})?$", RegexOptions.CultureInvariant)]
    private static partial Regex OwnName();

    [GeneratedRegex(@"\S\.[\p{L}\p{Nd}]{1,8}$", RegexOptions.CultureInvariant)]
    private static partial Regex Extension();
}
