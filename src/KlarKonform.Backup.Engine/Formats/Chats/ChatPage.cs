using System.Globalization;
using System.Text;
using KlarKonform.Backup.WhatsApp.Archive;

namespace KlarKonform.Backup.Engine.Formats.Chats;

/// <summary>
/// A month of a chat as an HTML page: one file without scripts, next to its media, readable in ten years. Everything that people wrote is
/// encoded, and the page's own policy forbids scripts and all other hosts.
/// </summary>
internal static class ChatPage
{
    private const string Policy =
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' file:; media-src 'self' file:; base-uri 'none'; form-action 'none'";

    /// <summary>The page of one month.</summary>
    public static byte[] Month(ChatInfo info, string month, IReadOnlyList<ChatLine> lines)
    {
        var page = new StringBuilder();
        var messages = lines.Count(line => line.Record == ChatRecord.Message);
        Begin(page, $"{Html.Straight(info.Name)} – {MonthName(month)}");
        page.Append("<header><h1>")
            .Append(Html.Encode(Html.Straight(info.Name)))
            .Append("</h1><p>")
            .Append(Html.Encode(MonthName(month)))
            .Append(" · ")
            .Append(Html.Encode(Texts.Get("Chat_Messages", messages)))
            .Append(" · ")
            .Append(Html.Encode(info.Number))
            .Append("</p><p><a href=\"chat.html\">")
            .Append(Html.Encode(Texts.Get("Chat_AllMonths")))
            .Append("</a></p></header>\n<main>\n");
        new ChatMessages(page, info, lines).Write();
        page.Append("</main>\n");
        End(page, lines.Any(line => line.LocalTime is not null) ? Texts.Get("Chat_TimesLocal") : Texts.Get("Chat_TimesUtc"));
        return Encoding.UTF8.GetBytes(page.ToString());
    }

    /// <summary>The overview page of a chat: its people and months.</summary>
    public static byte[] Overview(ChatInfo info)
    {
        var page = new StringBuilder();
        Begin(page, Html.Straight(info.Name));
        page.Append("<header><h1>")
            .Append(Html.Encode(Html.Straight(info.Name)))
            .Append("</h1><p>")
            .Append(Html.Encode(info.Number))
            .Append("</p></header>\n<main>\n<h2>")
            .Append(Html.Encode(Texts.Get("Chat_Months")))
            .Append("</h2><ul>\n");
        foreach (var (month, count) in info.Months)
            page.Append("<li><a href=\"")
                .Append(Html.Encode(Uri.EscapeDataString(month)))
                .Append(".html\">")
                .Append(Html.Encode(MonthName(month)))
                .Append("</a> · ")
                .Append(Html.Encode(Texts.Get("Chat_Messages", count)))
                .Append("</li>\n");
        page.Append("</ul>\n<h2>").Append(Html.Encode(Texts.Get("Chat_People"))).Append("</h2><ul>\n");
        foreach (var (id, name) in info.Participants)
            page.Append("<li>")
                .Append(Html.Encode(Html.Straight(name)))
                .Append(name == id ? "" : $" · {Html.Encode(id)}")
                .Append("</li>\n");
        page.Append("</ul>\n</main>\n");
        End(page, "");
        return Encoding.UTF8.GetBytes(page.ToString());
    }

    private static string MonthName(string month) =>
        DateTime.TryParseExact(month, "yyyy-MM", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
            ? date.ToString("MMMM yyyy", Html.Culture)
            : month;

    private static void Begin(StringBuilder page, string title) =>
        page.Append("<!DOCTYPE html>\n<html lang=\"")
            .Append(Html.Language)
            .Append("\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"")
            .Append(Policy)
            .Append(
                "\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                    + "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n<title>"
            )
            .Append(Html.Encode(title))
            .Append("</title>\n<style>\n")
            .Append(Style)
            .Append("</style>\n</head>\n<body>\n");

    private static void End(StringBuilder page, string note) =>
        page.Append("<footer><p>").Append(Html.Encode(note)).Append("</p></footer>\n</body>\n</html>\n");

    private const string Style = """
        :root { --back: #f4f1ec; --text: #1b1f23; --in: #fff; --out: #d6f2cf; --soft: #55606a; --line: #d5d0c8; --link: #0b5c86; }
        @media (prefers-color-scheme: dark) { :root { --back: #14181b; --text: #e8eaec; --in: #22282d; --out: #1f4a39; --soft: #a8b2bb;
        --line: #3a4248; --link: #7cc4ee; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--back); color: var(--text); font: 16px/1.45 system-ui, "Segoe UI", Roboto, sans-serif; }
        header, main, footer { max-width: 52rem; margin: 0 auto; padding: .75rem 1rem; }
        h1 { font-size: 1.4rem; margin: .2rem 0; overflow-wrap: anywhere; } h2 { font-size: 1.05rem; }
        header p, footer { margin: .1rem 0; color: var(--soft); }
        a { color: var(--link); }
        .day { text-align: center; color: var(--soft); font-size: .9rem; font-weight: normal; margin: 1.2rem 0 .6rem; }
        article { background: var(--in); border: 1px solid var(--line); border-radius: .6rem; padding: .45rem .7rem; margin: .35rem 15%
        .35rem 0; width: fit-content; max-width: 85%; overflow-wrap: anywhere; }
        article.out { background: var(--out); margin: .35rem 0 .35rem auto; }
        article.note { background: none; border-style: dashed; margin: .35rem auto; color: var(--soft); font-size: .9rem; }
        .who { font-weight: 600; margin: 0 0 .1rem; } .text { margin: 0; white-space: pre-wrap; }
        .meta { margin: .15rem 0 0; color: var(--soft); font-size: .8rem; }
        blockquote { margin: .1rem 0 .3rem; padding-left: .5rem; border-left: 3px solid var(--line); color: var(--soft); white-space:
        pre-wrap; }
        img, video { max-width: 100%; max-height: 24rem; border-radius: .4rem; display: block; } audio { max-width: 100%; }
        pre { white-space: pre-wrap; font-size: .8rem; margin: .3rem 0 0; }
        @media print { body { background: #fff; color: #000; } article { break-inside: avoid; } a { color: inherit; } }

        """;
}
