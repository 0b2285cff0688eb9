using System.Globalization;
using System.Text;
using System.Text.Json;
using KlarKonform.Backup.WhatsApp.Archive;

namespace KlarKonform.Backup.Engine.Formats.Chats;

/// <summary>
/// The messages of a chat's page: what happened to a message in the same month is shown with it, the rest as separate entries.
/// </summary>
internal sealed class ChatMessages
{
    private const int QuoteLength = 140;

    private readonly StringBuilder _page;
    private readonly ChatInfo _info;
    private readonly IReadOnlyList<ChatLine> _lines;
    private readonly Dictionary<string, ChatLine> _messages = new(StringComparer.Ordinal);
    private readonly ILookup<string, ChatLine> _about;

    public ChatMessages(StringBuilder page, ChatInfo info, IReadOnlyList<ChatLine> lines)
    {
        (_page, _info, _lines) = (page, info, lines);
        foreach (var line in lines.Where(line => line.Record == ChatRecord.Message))
            _messages.TryAdd(line.Id, line);
        _about = lines
            .Where(line => line.Record is ChatRecord.Status or ChatRecord.Reaction && line.Target is not null)
            .ToLookup(line => line.Target!);
    }

    public void Write()
    {
        var day = "";
        foreach (var line in _lines)
        {
            // Already shown with its message, or nothing to show.
            if (
                line.Record == ChatRecord.Status
                || (line.Record == ChatRecord.Reaction && line.Target is { } target && _messages.ContainsKey(target))
            )
                continue;
            var today = Moment(line).ToString("D", Html.Culture);
            if (today != day)
                _page.Append("<h2 class=\"day\">").Append(Encode(day = today)).Append("</h2>\n");
            if (line.Record == ChatRecord.Message && line.Type is not ("system" or "unparsed"))
                Message(line);
            else
                Note(line);
        }
    }

    private void Message(ChatLine line)
    {
        _page.Append("<article id=\"").Append(Encode(line.Id)).Append("\" class=\"").Append(line.Outgoing ? "out" : "in").Append("\">");
        _page.Append("<p class=\"who\">").Append(Encode(NameOf(line.From))).Append("</p>");
        if (line.Target is { } target && _messages.TryGetValue(target, out var answered) && Shown(answered) is { Length: > 0 } quoted)
            _page
                .Append("<blockquote dir=\"auto\">")
                .Append(Encode(quoted.Length > QuoteLength ? SafeName.Shorten(quoted, QuoteLength) + "…" : quoted))
                .Append("</blockquote>");
        Media(line);
        if (line.Text is { Length: > 0 } text)
            _page.Append("<p class=\"text\" dir=\"auto\">").Append(Encode(text)).Append("</p>");
        else if (line.Media is null && !line.Deleted)
            _page.Append("<p class=\"text\">").Append(Encode(Texts.Get("Chat_Type", line.Type))).Append("</p>");
        foreach (var earlier in line.Earlier ?? [])
            _page
                .Append("<details><summary>")
                .Append(Encode(Texts.Get("Chat_Earlier")))
                .Append("</summary><p class=\"text\" dir=\"auto\">")
                .Append(Encode(earlier.Text))
                .Append("</p></details>");
        _page.Append("<p class=\"meta\">").Append(Encode(string.Join(" · ", Meta(line)))).Append("</p></article>\n");
    }

    private IEnumerable<string> Meta(ChatLine line)
    {
        yield return Moment(line).ToString(line.LocalTime is { Length: 16 } ? "HH:mm" : "HH:mm:ss", CultureInfo.InvariantCulture);
        if (line.Forwarded)
            yield return Texts.Get("Chat_Forwarded");
        if (line.Edited)
            yield return Texts.Get("Chat_Edited");
        if (line.Redacted)
            yield return Texts.Get("Chat_Redacted");
        else if (line.Deleted)
            yield return Texts.Get("Chat_Deleted");
        var last = _about[line.Id].Where(each => each.Record == ChatRecord.Status).MaxBy(each => each.Time)?.Status ?? line.Status;
        if (last is { Length: > 0 })
            yield return Texts.Has("Chat_Status_" + last) ? Texts.Get("Chat_Status_" + last) : last;
        foreach (var by in _about[line.Id].Where(each => each.Record == ChatRecord.Reaction).GroupBy(each => each.From?.Id))
        {
            // An empty reaction takes back the previous one.
            if (by.MaxBy(each => each.Time) is { Text: { Length: > 0 } sign } reaction)
                yield return $"{sign} {NameOf(reaction.From)}";
        }
    }

    private void Media(ChatLine line)
    {
        if (line.Media is not { } media)
            return;
        var name = media.Name ?? media.File?[(media.File.LastIndexOf('/') + 1)..] ?? line.Type;
        if (media.File is null || media.State != MediaState.Stored)
        {
            _page.Append("<p class=\"meta\">").Append(Encode(Texts.Get("Chat_Media" + media.State, name))).Append("</p>");
            return;
        }

        var address = Encode(string.Join('/', media.File.Split('/').Select(Uri.EscapeDataString)));
        var label = Encode(name);
        _page.Append(
            line.Type switch
            {
                "image" or "sticker" or "gif" when IsPicture(media.File) =>
                    $"<a href=\"{address}\"><img src=\"{address}\" alt=\"{label}\" loading=\"lazy\"></a>",
                "video" or "gif" =>
                    $"<video src=\"{address}\" controls preload=\"none\" aria-label=\"{label}\"></video><p class=\"meta\"><a "
                        + $"href=\"{address}\">{label}</a></p>",
                "audio" => $"<audio src=\"{address}\" controls preload=\"none\" aria-label=\"{label}\"></audio><p class=\"meta\"><a "
                    + $"href=\"{address}\">{label}</a></p>",
                _ => $"<p class=\"text\"><a href=\"{address}\">{label}</a></p>",
            }
        );
    }

    private void Note(ChatLine line)
    {
        var text = line.Record switch
        {
            ChatRecord.Reaction => Texts.Get("Chat_ReactionElsewhere", NameOf(line.From), line.Text ?? "–"),
            ChatRecord.Edit => Texts.Get("Chat_EditEvent", NameOf(line.From)),
            ChatRecord.Revoke => Texts.Get("Chat_RevokeEvent", NameOf(line.From)),
            ChatRecord.Other => line.Type,
            _ => line.Text ?? line.Type,
        };
        _page
            .Append("<article class=\"note\"><p class=\"text\" dir=\"auto\">")
            .Append(Encode(text))
            .Append("</p><p class=\"meta\">")
            .Append(Moment(line).ToString("HH:mm", CultureInfo.InvariantCulture))
            .Append("</p>");
        if (line is { Record: ChatRecord.Other, Raw: { } raw })
            _page
                .Append("<details><summary>")
                .Append(Encode(Texts.Get("Chat_Raw")))
                .Append("</summary><pre>")
                .Append(Encode(raw.ValueKind == JsonValueKind.String ? raw.GetString()! : raw.GetRawText()))
                .Append("</pre></details>");
        _page.Append("</article>\n");
    }

    private static bool IsPicture(string file) =>
        Path.GetExtension(file).ToLowerInvariant() is ".jpg" or ".jpeg" or ".png" or ".webp" or ".gif" or ".bmp" or ".avif";

    private static string Shown(ChatLine line) => line.Text ?? line.Media?.Name ?? line.Type;

    private static DateTime Moment(ChatLine line) =>
        line.LocalTime is { } local && DateTime.TryParse(local, CultureInfo.InvariantCulture, DateTimeStyles.None, out var moment)
            ? moment
            : line.Time.UtcDateTime;

    // A name must not change the direction of the surrounding text.
    private string NameOf(ChatParty? party) => Html.Straight(Called(party));

    private string Called(ChatParty? party) =>
        party is null
            ? "WhatsApp"
            : party.Name ?? (party.Id is { } id ? _info.Participants.GetValueOrDefault(id, id) : Texts.Get("Chat_Business"));

    private static string Encode(string text) => Html.Encode(text);
}
