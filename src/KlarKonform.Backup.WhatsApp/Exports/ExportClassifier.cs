using System.Text.RegularExpressions;

namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>
/// Determines what a message of an export is: author and text, media, deleted and edited marks, places, polls, calls, WhatsApp's own texts.
/// Position and brackets show it in any language, words only in known ones. What is unknown is text, and stays complete.
/// </summary>
internal static partial class ExportClassifier
{
    public static ExportMessage Classify(DateTime time, string raw, int start, ExportFormat format, ExportFiles? files)
    {
        var content = raw[start..].TrimEnd('\r', '\n');
        var (author, said) = Split(content, format);
        var own = said.Length > 0 && BidiMarks.IsOwn(said[0]);
        var text = said.TrimStart(BidiMarks.LeftToRight, BidiMarks.RightToLeft);
        var message = new ExportMessage(time, author is null ? ExportMessageKind.System : ExportMessageKind.Text, author, text, raw);
        if (author is null)
            return IsCall(BidiMarks.Strip(text)) ? message with { Kind = ExportMessageKind.Call } : message;
        (text, var edited) = WithoutEdited(text);
        if (AttachmentMarks.Find(text, own, format, files) is { } attached)
            return Media(message, TypeOf(attached.Name), attached.Caption) with { Attachment = attached.Name, IsEdited = edited == true };
        message = message with { IsEdited = edited != false, Text = text };
        var plain = BidiMarks.Strip(text).Trim();
        if (ExportWords.IsDeleted(plain))
            return message with { Kind = ExportMessageKind.Deleted };
        if (Omitted(text, plain, own, format) is { } omitted)
            return Media(message, omitted.Type, omitted.Caption);
        if (IsPlace(plain))
            return message with { Kind = ExportMessageKind.Location };
        if (IsPoll(plain))
            return message with { Kind = ExportMessageKind.Poll };
        if (own ? IsCall(plain) : format.Style == ExportStyle.Dash && ExportWords.IsCall(plain))
            return message with { Kind = ExportMessageKind.Call };
        return own && !message.IsEdited ? message with { Kind = ExportMessageKind.System } : message;
    }

    // The author ends at the first colon followed by a space. On Android a line without an author is WhatsApp's own.
    private static (string? Author, string Said) Split(string content, ExportFormat format)
    {
        var first = AttachmentMarks.FirstLine(content);
        var colon = first.IndexOf(": ", StringComparison.Ordinal);
        if (colon < 0 && first.EndsWith(':'))
            colon = first.Length - 1;
        if (colon <= 0)
            return (null, content);
        var author = BidiMarks.Strip(first[..colon]).Trim();
        if (
            format.LongNames.TryGetValue(author, out var name)
            && first.IndexOf(": ", colon + 2, StringComparison.Ordinal) is > 0 and var second
        )
            (author, colon) = (BidiMarks.Strip(name), second);
        if (format.Style == ExportStyle.Dash && IsOwnWords(author))
            return (null, content);
        if (author.StartsWith("~ ", StringComparison.Ordinal))
            author = author[2..]; // Not in the address book: the name that people gave themselves.
        return author.Length == 0 ? (null, content) : (author, content[Math.Min(content.Length, colon + 2)..]);
    }

    // A group called "Projekt: Alpha" puts a colon into WhatsApp's own lines: its name is in quotation marks that the colon does not close.
    private static bool IsOwnWords(string text) =>
        text.Count(sign => sign is '"' or '“' or '”' or '„') % 2 == 1
        || text.Count(sign => sign is '«' or '»') % 2 == 1
        || text.Count(sign => sign is '「' or '『') > text.Count(sign => sign is '」' or '』')
        || OwnWords().IsMatch(text);

    private static ExportMessage Media(ExportMessage message, string type, string caption) =>
        message with
        {
            Kind = type == "contact" ? ExportMessageKind.Contact : ExportMessageKind.Media,
            MediaType = type,
            Text = caption,
        };

    // Null: likely. A mark in an unknown language stays in the text: what is in angle brackets may have been typed.
    private static (string Text, bool? Edited) WithoutEdited(string text)
    {
        var end = text.TrimEnd();
        if (!end.EndsWith('>') || end.LastIndexOf('<') is not (>= 0 and var open) || end.Length - open > 120)
            return (text, false);
        var words = end[(open + 1)..^1];
        if (ExportWords.IsEdited(words))
            return (text[..open].TrimEnd(BidiMarks.LeftToRight, BidiMarks.RightToLeft).TrimEnd(), true);
        var marked =
            open > 1
            && BidiMarks.IsOwn(text[open - 1])
            && words.Length > 3
            && words.All(sign => DayHalves.IsPart(sign) || BidiMarks.IsMark(sign) || sign is ' ' or '.')
            && !ExportWords.IsOmitted(words);
        return (text, marked ? null : false);
    }

    private static (string Type, string Caption)? Omitted(string text, string plain, bool own, ExportFormat format)
    {
        // Android, and iOS of 2016: in angle brackets.
        var first = AttachmentMarks.FirstLine(plain).TrimEnd();
        if (first.Length is > 2 and < 120 && first[0] == '<' && first[^1] == '>')
        {
            var words = first[1..^1].Trim();
            if (ExportWords.OmittedType(words) is { } type)
                return (type, plain[first.Length..].Trim());
            if (format.OmittedMarks.Contains(words))
                return ("media", plain);
        }

        // A person who types "image omitted" types no mark before it.
        if (
            text.AsSpan().LastIndexOfAny(BidiMarks.LeftToRight, BidiMarks.RightToLeft) is >= 0 and var mark
            && ExportWords.OmittedType(text[(mark + 1)..]) is { } marked
        )
            return (marked, BidiMarks.Strip(text[..mark]).Trim());
        return (own || format.Style != ExportStyle.Dash) && ExportWords.OmittedType(plain) is { } whole ? (whole, "") : null;
    }

    // "Standort: https://maps.google.com/?q=52.5,13.4"; the address alone identifies it in any language.
    private static bool IsPlace(string plain)
    {
        var first = AttachmentMarks.FirstLine(plain);
        var http = first.IndexOf("http", StringComparison.Ordinal);
        if (http <= 0)
            return ExportWords.IsLivePlace(plain);
        var words = first[..http].TrimEnd();
        return words.Length is > 1 and <= 40
            && words[^1] is ':' or '：'
            && (ExportWords.IsPlace(words[..^1]) || (!words.Any(char.IsDigit) && Coordinates().IsMatch(first[http..])));
    }

    // A word and a colon, followed by lines of options with one word before and votes after each.
    private static bool IsPoll(string plain)
    {
        var first = AttachmentMarks.FirstLine(plain).TrimEnd();
        if (first.Length is < 2 or > 40 || first[^1] is not (':' or '：') || plain.Length == first.Length)
            return false;
        if (ExportWords.IsPoll(first[..^1]) && !first.Any(char.IsLower))
            return true;
        if (plain.Length > 20_000)
            return false;
        var options = plain
            .Split('\n')
            .Skip(1)
            .Select(line => line.Trim())
            .Where(line => line.Length > 4 && line[^1] == ')' && line.Any(char.IsDigit) && line.IndexOf(": ", StringComparison.Ordinal) > 0)
            .Select(line => line[..line.IndexOf(": ", StringComparison.Ordinal)])
            .ToArray();
        return options.Length >= 2 && options.Distinct(StringComparer.Ordinal).Count() == 1 && options[0].All(char.IsUpper);
    }

    private static bool IsCall(string plain) => Calls().IsMatch(plain) || ExportWords.BeginsCall(plain);

    private static string TypeOf(string name) =>
        Path.GetExtension(name.Trim()).ToLowerInvariant() switch
        {
            ".jpg" or ".jpeg" or ".png" or ".heic" => name.Contains("STICKER", StringComparison.Ordinal) ? "sticker" : "image",
            ".webp" => "sticker",
            ".gif" => "gif",
            ".mp4" or ".mov" or ".3gp" or ".mkv" => name.Contains("GIF", StringComparison.Ordinal) ? "gif" : "video",
            ".opus" or ".m4a" or ".mp3" or ".aac" or ".ogg" or ".amr" or ".wav" => "audio",
            ".vcf" => "contact",
            _ => "document",
        };

    [GeneratedRegex(
        @"^https?://(?:www\.)?(?:maps\.google\.[a-z.]{2,6}|google\.[a-z.]{2,6}/maps)/?\?q=-?\d{1,3}[.,]\d+,-?\d{1,3}[.,]\d+\s*$",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Coordinates();

    [GeneratedRegex(
        @"^(?:Missed (?:group )?(?:voice|video) call|Verpasster? (?:Gruppen-?)?(?:Sprach|Video)(?:gruppen)?anruf"
            + @"|(?:Voice|Video) call[,.]|(?:Sprach|Video)anruf[,.])",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase
    )]
    private static partial Regex Calls();

    [GeneratedRegex(
        @"(?: hat die Gruppe | hat den (?:Gruppennamen|Betreff) | hat die Gruppenbeschreibung "
            + @"| created group | changed the (?:subject|group name|group description) |Ende-zu-Ende-verschlüsselt|end-to-end encrypted)",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex OwnWords();
}
