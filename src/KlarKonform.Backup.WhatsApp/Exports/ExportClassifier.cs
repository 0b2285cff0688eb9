using System.Text.RegularExpressions;

namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>
/// Tells what a message of an export is: author and text, media, deleted and edited marks, places, polls, calls, WhatsApp's own words.
/// German and English in full; of other languages the words around attachments. What is not known is text.
/// </summary>
internal static partial class ExportClassifier
{
    public static ExportMessage Classify(DateTime time, string raw, int start, ExportStyle style)
    {
        var content = raw[start..].TrimEnd('\r', '\n');
        var (author, said) = Split(content, style);
        var own = said.Length > 0 && said[0] == BidiMarks.LeftToRight;
        var text = said.TrimStart(BidiMarks.LeftToRight);
        var message = new ExportMessage(time, author is null ? ExportMessageKind.System : ExportMessageKind.Text, author, text, raw);
        if (author is null)
            return Calls().IsMatch(BidiMarks.Strip(text)) ? message with { Kind = ExportMessageKind.Call } : message;
        if (Edited().Match(text) is { Success: true } edited)
            message = message with { IsEdited = true, Text = text = text[..edited.Index].TrimEnd() };
        var plain = BidiMarks.Strip(text).Trim();
        if (Deleted().IsMatch(plain))
            return message with { Kind = ExportMessageKind.Deleted };
        if (Attached(plain) is { } attached)
            return message with { Kind = attached.Type == "contact" ? ExportMessageKind.Contact : ExportMessageKind.Media, Attachment = attached.Name, MediaType = attached.Type, Text = attached.Caption };
        if (Omitted(text, plain, own) is { } omitted)
            return message with { Kind = omitted.Type == "contact" ? ExportMessageKind.Contact : ExportMessageKind.Media, MediaType = omitted.Type, Text = omitted.Caption };
        if (Places().IsMatch(plain))
            return message with { Kind = ExportMessageKind.Location };
        if (Polls().IsMatch(plain))
            return message with { Kind = ExportMessageKind.Poll };
        if (own && Calls().IsMatch(plain))
            return message with { Kind = ExportMessageKind.Call };
        return own && !message.IsEdited ? message with { Kind = ExportMessageKind.System } : message;
    }

    // The author ends at the first colon and blank. On Android a line without an author is WhatsApp's own.
    private static (string? Author, string Said) Split(string content, ExportStyle style)
    {
        var end = content.AsSpan().IndexOfAny('\r', '\n');
        var first = end < 0 ? content : content[..end];
        var colon = first.IndexOf(": ", StringComparison.Ordinal);
        if (colon < 0 && first.EndsWith(':'))
            colon = first.Length - 1;
        if (colon <= 0)
            return (null, content);
        var author = BidiMarks.Strip(first[..colon]).Trim();
        if (style == ExportStyle.Dash && IsOwnWords(author))
            return (null, content);
        if (author.StartsWith("~ ", StringComparison.Ordinal))
            author = author[2..]; // Not in the address book: the name that the person gave themselves.
        return author.Length == 0 ? (null, content) : (author, content[Math.Min(content.Length, colon + 2)..]);
    }

    // A group called "Projekt: Alpha" gives WhatsApp's own lines a colon: its name stands in quotation marks.
    private static bool IsOwnWords(string text) => text.Count(sign => sign is '"' or '“' or '”' or '„') % 2 == 1 || OwnWords().IsMatch(text);

    private static (string Name, string Type, string Caption)? Attached(string plain)
    {
        if (AttachedIos().Match(plain) is { Success: true } ios && ios.Groups["f"].Value.Trim().Length > 0)
            return (ios.Groups["f"].Value.Trim(), TypeOf(ios.Groups["f"].Value), plain.Remove(ios.Index, ios.Length).Trim());
        return AttachedAndroid().Match(plain) is { Success: true } android
            ? (android.Groups["f"].Value, TypeOf(android.Groups["f"].Value), plain[android.Length..].Trim()) : null;
    }

    private static (string Type, string Caption)? Omitted(string text, string plain, bool own)
    {
        if (OmittedAndroid().Match(plain) is { Success: true } android)
            return ("media", plain[android.Length..].Trim());
        if (OmittedIos().Match(plain) is not { Success: true } ios)
            return null;

        // Whoever types "image omitted" types no mark before it.
        var marked = own || text.LastIndexOf(BidiMarks.LeftToRight) >= 0;
        return marked || ios.Index == 0 ? (ios.Groups["k"].Value.ToLowerInvariant() switch
        {
            "image" or "bild" => "image",
            "video" or "video note" or "videonotiz" => "video",
            "audio" => "audio",
            "gif" => "gif",
            "sticker" => "sticker",
            "contact card" or "kontaktkarte" => "contact",
            _ => "document",
        }, plain[..ios.Index].Trim()) : null;
    }

    private static string TypeOf(string name) => Path.GetExtension(name.Trim()).ToLowerInvariant() switch
    {
        ".jpg" or ".jpeg" or ".png" or ".heic" => name.Contains("STICKER", StringComparison.Ordinal) ? "sticker" : "image",
        ".webp" => "sticker",
        ".gif" => "gif",
        ".mp4" or ".mov" or ".3gp" or ".mkv" => name.Contains("GIF", StringComparison.Ordinal) ? "gif" : "video",
        ".opus" or ".m4a" or ".mp3" or ".aac" or ".ogg" or ".amr" or ".wav" => "audio",
        ".vcf" => "contact",
        _ => "document",
    };

    [GeneratedRegex(@"\s?\u200E?<(?:This message was edited|Diese Nachricht wurde bearbeitet)\.?>\s*$", RegexOptions.CultureInvariant)]
    private static partial Regex Edited();

    [GeneratedRegex(@"^(?:This message was deleted|You deleted this message|This message was deleted by admin .{1,120}|You deleted this message as admin|Diese Nachricht wurde gelöscht|Du hast diese Nachricht gelöscht|Diese Nachricht wurde von(?: der/dem Admin|m? Admin)? .{1,120} gelöscht|Du hast diese Nachricht als Admin gelöscht)\.?$", RegexOptions.CultureInvariant)]
    private static partial Regex Deleted();

    [GeneratedRegex(@"<(?:attached|Anhang|adjunto|archivo adjunto|pièce jointe|fichier joint|allegato|anexo|anexado|bijgevoegd|bijlage) ?: ?(?<f>[^<>\r\n]{1,255})>", RegexOptions.CultureInvariant)]
    private static partial Regex AttachedIos();

    [GeneratedRegex(@"^(?<f>[^\r\n]{1,250}\.[\p{L}\p{Nd}]{1,8}) \((?:file attached|Datei angehängt|archivo adjunto|fichier joint|file allegato|arquivo anexado|bestand bijgevoegd)\)(?=\r|\n|$)", RegexOptions.CultureInvariant)]
    private static partial Regex AttachedAndroid();

    [GeneratedRegex(@"^<(?:Media omitted|Medien ausgeschlossen|Medien weggelassen|Multimedia omitido|Archivo omitido|Médias omis|Media omessi|Mídia oculta|Media weggelaten)>(?=\r|\n|$)", RegexOptions.CultureInvariant)]
    private static partial Regex OmittedAndroid();

    [GeneratedRegex(@"(?:^|(?<= |\n))(?<k>image|video note|video|audio|GIF|sticker|document|Contact card|Bild|Videonotiz|Video|Audio|Sticker|Dokument|Kontaktkarte) (?:omitted|weggelassen|ausgelassen)$", RegexOptions.CultureInvariant)]
    private static partial Regex OmittedIos();

    [GeneratedRegex(@"^(?:(?:Location|Standort): https?://|(?:Live location shared|Live-Standort (?:wird )?geteilt))", RegexOptions.CultureInvariant)]
    private static partial Regex Places();

    [GeneratedRegex(@"^(?:POLL|UMFRAGE): *\r?\n", RegexOptions.CultureInvariant)]
    private static partial Regex Polls();

    [GeneratedRegex(@"^(?:Missed (?:group )?(?:voice|video) call|Verpasster? (?:Gruppen-?)?(?:Sprach|Video)(?:gruppen)?anruf|(?:Voice|Video) call[,.]|(?:Sprach|Video)anruf[,.])", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Calls();

    [GeneratedRegex(@"(?: hat die Gruppe | hat den (?:Gruppennamen|Betreff) | hat die Gruppenbeschreibung | created group | changed the (?:subject|group name|group description) |Ende-zu-Ende-verschlüsselt|end-to-end encrypted)", RegexOptions.CultureInvariant)]
    private static partial Regex OwnWords();
}
