using KlarKonform.Backup.WhatsApp.Exports;
using static KlarKonform.Backup.WhatsApp.Tests.ExportText;

namespace KlarKonform.Backup.WhatsApp.Tests;

public sealed class ExportMarksTests
{
    private const string Ios = "[24.11.25, 13:05:09] Anna: ";
    private const string Android = "24.11.25, 13:05 - Anna: ";

    public static TheoryData<string> OddNames =>
        [
            "DOC-20250930-WA0000.",
            "Vertrag",
            "zeichnung.excalidraw",
            "Rechnung 4711 (2).pdf",
            "a<b>.txt",
            "😀😀.webp",
            "00000007-cm-chat-media-video-1:2e61:0:0.MOV",
            "فاتورة.pdf",
            "見積書（最終）.pdf",
            "x: y.docx",
            "Ordner\\Rechnung.pdf",
            "...",
            "Grün.pdf",
        ];

    [Theory]
    [MemberData(nameof(OddNames))]
    public async Task A_file_of_the_export_is_an_attachment_whatever_it_and_the_words_around_it_are_called(string name)
    {
        string[] files = ["_chat.txt", name];
        foreach (
            var line in (string[])
                [
                    $"{Android}{name} (Datei angehängt)",
                    $"{Android}{Mark}{name} (qwertz uiop)",
                    $"{Android}{name}（附件）",
                    $"{Android}{name} (فایل)",
                    $"{Ios}{Mark}<Anhang: {name}>",
                    $"{Ios}<qwertz uiop: {Mark}{name}>",
                    $"{Ios}{Mark}<附件：{name}>",
                    $"{Ios}{Mark}<{name} eklendi>",
                    $"{Ios}< pièce jointe : {name} >",
                    $"{Ios}{name} <{Mark}attached>",
                    $"{Android}فایل پیوست شد {name}",
                    $"{Android}{name} இணைக்கப்பட்டது",
                ]
        )
        {
            var message = Assert.Single(await ReadAsync(line, files: files));
            Assert.Equal((line, ExportMessageKind.Media, name, ""), (line, message.Kind, message.Attachment, message.Text));
        }
    }

    [Theory]
    [InlineData("Gru\u0308n.PDF", "Grün.pdf")]
    [InlineData("\u2068Angebot\u2069.pdf", "Angebot.pdf")]
    [InlineData("Plan: Haus.pdf", "Plan_ Haus.pdf")]
    public async Task A_name_is_known_again_in_another_spelling(string written, string file) =>
        Assert.Equal(ExportMessageKind.Media, (await ReadAsync($"{Android}{written} (abc)", files: ["_chat.txt", file]))[0].Kind);

    [Fact]
    public async Task Captions_stand_before_on_iOS_and_below_on_Android()
    {
        Assert.Equal(
            "Die Rechnung\nzweite Zeile",
            (await ReadAsync($"{Ios}Die Rechnung\nzweite Zeile {Mark}<xyz: Vertrag>", files: ["Vertrag"]))[0].Text
        );
        Assert.Equal(
            "Die Rechnung\nzweite Zeile",
            (await ReadAsync($"{Android}Vertrag (xyz)\nDie Rechnung\nzweite Zeile", files: ["Vertrag"]))[0].Text
        );
    }

    [Theory]
    [InlineData("IMG-20251124-WA0001.jpg (qwertz)", "image")]
    [InlineData("PTT-20251124-WA0001.opus (qwertz)", "audio")]
    [InlineData("DOC-20251124-WA0000. (qwertz)", "document")]
    [InlineData("STK-20251124-WA0012.webp (附件)", "sticker")]
    [InlineData("Angebot.pdf (soubor byl přiložen)", "document")]
    public async Task A_file_that_is_missing_is_known_by_WhatsApps_own_name_or_words(string said, string type)
    {
        var message = (await ReadAsync(Android + said, files: ["_chat.txt"]))[0];
        Assert.Equal((type, said[..said.IndexOf(" (", StringComparison.Ordinal)]), (message.MediaType, message.Attachment));
    }

    [Theory]
    [InlineData("Vertrag (bitte prüfen)")]
    [InlineData("Vertrag (Datei angehängt)")]
    [InlineData("Rechnung.pdf (bitte prüfen)")]
    [InlineData("siehe <Anhang>")]
    [InlineData("<3 und <5: beides>")]
    [InlineData("siehe <https://example.org/a: b>")]
    [InlineData("5 > 3")]
    [InlineData("<grins>")]
    [InlineData("kein Bild weggelassen")]
    [InlineData("Bild weggelassen")]
    [InlineData("ich habe das geändert <wirklich>")]
    [InlineData("Hier: https://example.org/?q=1,2")]
    [InlineData("Umfrage:\nWer kommt?\nAnna (ja)")]
    [InlineData(" zwei  Blanke \t und Tabulator")]
    public async Task What_people_type_stays_text_and_whole(string said)
    {
        var message = (await ReadAsync(Android + said, files: ["_chat.txt"]))[0];
        Assert.Equal((ExportMessageKind.Text, said, null, false), (message.Kind, message.Text, message.Attachment, message.IsEdited));
    }

    [Fact]
    public async Task The_word_behind_a_name_may_stand_in_brackets_of_its_own() =>
        Assert.Equal(
            "00000007-Vertrag.pdf",
            (await ReadAsync($"24.11.17, 13:05:09: Anna: 00000007-Vertrag.pdf <{Mark}eklendi>"))[0].Attachment
        );

    [Fact]
    public async Task A_file_that_the_export_lacks_is_named_whatever_it_is_called_where_WhatsApp_s_own_mark_stands_before_it()
    {
        Assert.Equal("100% <neu>.pdf", (await ReadAsync($"{Ios}siehe {Mark}<Anhang: 100% <neu>.pdf>"))[0].Attachment);
        Assert.Equal("Skizze.excalidraw", (await ReadAsync($"{Android}{Mark}Skizze.excalidraw (Datei angehängt)\nsiehe"))[0].Attachment);
        Assert.Null((await ReadAsync($"{Android}Alles klar (Datei angehängt)"))[0].Attachment);
        Assert.Null((await ReadAsync($"{Ios}siehe <Anhang: 100% <neu>.pdf>"))[0].Attachment);
    }

    [Fact]
    public async Task Words_in_brackets_behind_a_file_s_name_are_text_where_the_chat_has_others()
    {
        var text = $"{Android}IMG-1.jpg (gehängt dran)\n{Android}IMG-2.jpg (gehängt dran)\n{Android}Vertrag (bitte prüfen)\n";
        var messages = await ReadAsync(text, files: ["IMG-1.jpg", "IMG-2.jpg", "Vertrag"]);
        Assert.Equal(["IMG-1.jpg", "IMG-2.jpg", null], messages.Select(message => message.Attachment));
        Assert.Equal("Vertrag (bitte prüfen)", messages[2].Text);
    }

    [Fact]
    public async Task A_mark_of_an_unknown_language_is_seen_by_its_coming_again_and_stays_in_the_text()
    {
        var messages = await ReadAsync(string.Concat(Enumerable.Repeat($"{Android}<qwertz uiop>\n{Android}ok\n", 3)));
        Assert.Equal(["media", null, "media", null, "media", null], messages.Select(message => message.MediaType));
        Assert.Equal("<qwertz uiop>", messages[0].Text);
        messages = await ReadAsync(string.Concat(Enumerable.Repeat($"{Android}<grins>\n{Android}<Medien ausgeschlossen>\n", 3)));
        Assert.Equal([null, "media"], messages.Take(2).Select(message => message.MediaType));
    }

    /// <summary>The words of each section of the library's list.</summary>
    public static TheoryData<string, string> Words
    {
        get
        {
            var words = new TheoryData<string, string>();
            using var reader = new StreamReader(
                typeof(ExportReader).Assembly.GetManifestResourceStream("KlarKonform.Backup.WhatsApp.Exports.ExportWords.txt")!
            );
            var section = "";
            while (reader.ReadLine() is { } line)
            {
                if (line.StartsWith('['))
                    section = line[1..^1];
                else if (line.Length > 0 && line[0] != '#')
                    words.Add(section, line);
            }

            return words;
        }
    }

    [Theory]
    [MemberData(nameof(Words))]
    public async Task WhatsApps_own_words_are_known_in_every_language_of_the_list(string section, string word)
    {
        var named = word.Replace("%@", "Bernd", StringComparison.Ordinal).Replace("%s", "a.pdf", StringComparison.Ordinal);
        var (line, kind, type) = section switch
        {
            "file attached" => ($"{Android}a.pdf ({word})", ExportMessageKind.Media, "document"),
            "file attached, name bare" => (Android + named, ExportMessageKind.Media, "document"),
            "attached" => ($"{Ios}<{word}: a.pdf>", ExportMessageKind.Media, "document"),
            "attached, name first" => ($"{Ios}<a.pdf {word}>", ExportMessageKind.Media, "document"),
            "omitted" => ($"{Android}<{word}>", ExportMessageKind.Media, "media"),
            "contact" => ($"{Ios}{Mark}{word}", ExportMessageKind.Contact, "contact"),
            "image" or "video" or "audio" or "sticker" or "gif" or "document" => ($"{Ios}\u200F{word}", ExportMessageKind.Media, section),
            "deleted" => ($"{Ios}{Mark}{named}.", ExportMessageKind.Deleted, null),
            "edited" => ($"{Ios}neu {Mark}<{word}>", ExportMessageKind.Text, null),
            "call" => ($"{Ios}{Mark}{word}", ExportMessageKind.Call, null),
            "place" => ($"{Android}{word}: https://maps.example/1", ExportMessageKind.Location, null),
            "live place" => (Android + word, ExportMessageKind.Location, null),
            "poll" => ($"{Ios}{Mark}{word}:\nWer?\n", ExportMessageKind.Poll, (string?)null),
            _ => throw new InvalidOperationException(section),
        };
        var message = Assert.Single(await ReadAsync(line));
        Assert.Equal((kind, type), (message.Kind, message.MediaType));
        if (section == "edited")
            Assert.Equal(("neu", true), (message.Text, message.IsEdited));
    }

    [Fact]
    public async Task A_mark_of_editing_in_an_unknown_language_is_seen_by_the_sign_before_it_and_stays_in_the_text()
    {
        var message = (await ReadAsync($"{Ios}neu {Mark}<qwertz uiop>"))[0];
        Assert.Equal((ExportMessageKind.Text, true, $"neu {Mark}<qwertz uiop>"), (message.Kind, message.IsEdited, message.Text));
    }

    [Fact]
    public async Task A_poll_and_a_place_are_seen_by_their_form()
    {
        Assert.Equal(
            ExportMessageKind.Poll,
            (await ReadAsync($"{Ios}{Mark}ОПРОС:\nКуда?\n{Mark}ВАРИАНТ: Рим ({Mark}2 голоса)\n{Mark}ВАРИАНТ: Париж ({Mark}1 голос)\n"))[
                0
            ].Kind
        );
        var place = (await ReadAsync($"{Android}qwertz: https://maps.google.com/?q=52.5,-13.4"))[0];
        Assert.Equal((ExportMessageKind.Location, "qwertz: https://maps.google.com/?q=52.5,-13.4"), (place.Kind, place.Text));
    }

    [Fact]
    public async Task An_edited_caption_keeps_its_file()
    {
        var message = (await ReadAsync($"{Ios}neu {Mark}<Anhang: a.pdf> {Mark}<Diese Nachricht wurde bearbeitet.>"))[0];
        Assert.Equal(("a.pdf", "neu", true), (message.Attachment, message.Text, message.IsEdited));
    }

    [Theory]
    [InlineData("~\u202FMax 😀", "Max 😀")]
    [InlineData("\u202A+49 171 2345678\u202C", "+49 171 2345678")]
    [InlineData("\u2068أحمد\u2069", "أحمد")]
    [InlineData("🦄", "🦄")]
    [InlineData("Max \"Mad\" Muster", "Max \"Mad\" Muster")]
    public async Task Names_of_all_kinds_are_authors(string written, string name) =>
        Assert.Equal(
            (name, "x"),
            (await ReadAsync($"24.11.25, 13:05 - {written}: x")) is [var message] ? (message.Author, message.Text) : default
        );

    [Fact]
    public async Task A_name_with_a_colon_is_seen_by_its_coming_always()
    {
        var text =
            "24.11.25, 13:05 - Firma: Vertrieb: eins\n24.11.25, 13:06 - Firma: Vertrieb: <Medien ausgeschlossen>\n"
            + "24.11.25, 13:07 - Firma: Vertrieb: drei: vier\n24.11.25, 13:08 - Anna: Hinweis: eins\n";
        var messages = await ReadAsync(text);
        Assert.Equal(
            [("Firma: Vertrieb", "eins"), ("Firma: Vertrieb", ""), ("Firma: Vertrieb", "drei: vier"), ("Anna", "Hinweis: eins")],
            messages.Select(message => (message.Author!, message.Text))
        );
    }

    [Fact]
    public async Task Who_begins_every_message_alike_keeps_that_in_the_text()
    {
        var messages = await ReadAsync(string.Concat(Enumerable.Range(0, 5).Select(i => $"24.11.25, 13:0{i} - Wächter: Status: ok {i}\n")));
        Assert.Equal(("Wächter", "Status: ok 0"), (messages[0].Author, messages[0].Text));
    }

    [Theory]
    [InlineData("Anna hat die Gruppe \"Projekt: Alpha\" erstellt")]
    [InlineData("Anna a créé le groupe « Projet : Alpha: Beta »")]
    [InlineData("安娜建立了群組「專案: 甲」")]
    [InlineData("Nachrichten sind Ende-zu-Ende-verschlüsselt: mehr erfahren")]
    [InlineData("Сообщения и звонки защищены сквозным шифрованием.")]
    public async Task WhatsApps_own_lines_have_no_author(string line) =>
        Assert.Equal(
            (null, ExportMessageKind.System, line),
            (await ReadAsync("24.11.25, 13:05 - " + line)) is [var message] ? (message.Author, message.Kind, message.Text) : default
        );
}
