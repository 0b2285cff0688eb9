using System.Text;
using KlarKonform.Backup.WhatsApp.Exports;
using static KlarKonform.Backup.WhatsApp.Tests.ExportText;

namespace KlarKonform.Backup.WhatsApp.Tests;

public sealed class ExportReaderTests
{
    [Theory]
    [InlineData("[24.11.26, 13:05:09] Anna Weiß: Guten Tag", "2026-11-24T13:05:09", "Anna Weiß")]
    [InlineData("[31/12/2024, 23:59:59] Anna: Guten Tag", "2024-12-31T23:59:59", "Anna")]
    [InlineData("[12/31/24, 11:59:59\u202FPM] Anna: Guten Tag", "2024-12-31T23:59:59", "Anna")]
    [InlineData("[12/31/24, 12:05:00 AM] Anna: Guten Tag", "2024-12-31T00:05:00", "Anna")]
    [InlineData("\u200E[24.11.26, 13:05:09] Anna: Guten Tag", "2026-11-24T13:05:09", "Anna")]
    [InlineData("\uFEFF[24.11.26, 13:05:09] ~\u202FAnna: Guten Tag", "2026-11-24T13:05:09", "Anna")]
    [InlineData("24.11.26, 13:05 - Anna: Guten Tag", "2026-11-24T13:05:00", "Anna")]
    [InlineData("24.11.2026, 13:05 - Anna: Guten Tag", "2026-11-24T13:05:00", "Anna")]
    [InlineData("24.11.2026, 13:05 Uhr - Anna: Guten Tag", "2026-11-24T13:05:00", "Anna")]
    [InlineData("31/12/2024, 23:59 - Anna: Guten Tag", "2024-12-31T23:59:00", "Anna")]
    [InlineData("12/31/24, 11:59 PM - Anna: Guten Tag", "2024-12-31T23:59:00", "Anna")]
    [InlineData("31/12/24, 11:59 p.\u00A0m. - Anna: Guten Tag", "2024-12-31T23:59:00", "Anna")]
    [InlineData("31.12.24, 11:59 nachm. - Anna: Guten Tag", "2024-12-31T23:59:00", "Anna")]
    [InlineData("2024-12-31 23:59 - Anna: Guten Tag", "2024-12-31T23:59:00", "Anna")]
    [InlineData("31.12.2024 klo 23.59 - Anna: Guten Tag", "2024-12-31T23:59:00", "Anna")]
    [InlineData("[31.12.2024 klo 23.59.59] Anna: Guten Tag", "2024-12-31T23:59:59", "Anna")]
    [InlineData("24.11.16, 13:05:09: Anna: Guten Tag", "2016-11-24T13:05:09", "Anna")]
    [InlineData("[24.11.26, 13:05:09] \u202A+49 171 2345678\u202C: Guten Tag", "2026-11-24T13:05:09", "+49 171 2345678")]
    public async Task Every_known_form_of_a_line_is_read(string line, string time, string author)
    {
        var message = Assert.Single(await ReadAsync(line));
        Assert.Equal(
            (DateTime.Parse(time, System.Globalization.CultureInfo.InvariantCulture), author, "Guten Tag", ExportMessageKind.Text),
            (message.Time, message.Author, message.Text, message.Kind)
        );
    }

    [Fact]
    public async Task Marks_of_both_telephones_and_languages_are_told_apart()
    {
        var messages = await ReadAsync(
            $"""
            [24.11.26, 13:00:00] Projekt Alpha: {Mark}Nachrichten und Anrufe sind Ende-zu-Ende-verschlüsselt.
            [24.11.26, 13:00:01] Anna: {Mark}<Anhang: 00000028-PHOTO-2026-11-24-13-00-01.jpg>
            [24.11.26, 13:00:02] Anna: Die Rechnung {Mark}<attached: 00000029-Rechnung 4711.pdf>
            [24.11.26, 13:00:03] Anna: {Mark}Bild weggelassen
            [24.11.26, 13:00:04] Anna: Angebot.pdf • {Mark}3 Seiten {Mark}Dokument weggelassen
            [24.11.26, 13:00:05] Anna: {Mark}Du hast diese Nachricht gelöscht.
            [24.11.26, 13:00:06] Anna: Neuer Termin {Mark}<Diese Nachricht wurde bearbeitet.>
            [24.11.26, 13:00:07] Anna: {Mark}Standort: https://maps.google.com/?q=52.5,13.4
            [24.11.26, 13:00:08] Anna: {Mark}UMFRAGE:
            Wohin?
            {Mark}OPTION: Rom (2 Stimmen)
            [24.11.26, 13:00:09] Anna: {Mark}Verpasster Sprachanruf
            [24.11.26, 13:00:10] Anna: {Mark}Kontaktkarte ausgelassen
            [24.11.26, 13:00:11] Anna: kein Bild weggelassen, nur Text
            """
        );
        Assert.Equal(
            [
                ExportMessageKind.System,
                ExportMessageKind.Media,
                ExportMessageKind.Media,
                ExportMessageKind.Media,
                ExportMessageKind.Media,
                ExportMessageKind.Deleted,
                ExportMessageKind.Text,
                ExportMessageKind.Location,
                ExportMessageKind.Poll,
                ExportMessageKind.Call,
                ExportMessageKind.Contact,
                ExportMessageKind.Text,
            ],
            messages.Select(message => message.Kind)
        );
        Assert.Equal(("00000028-PHOTO-2026-11-24-13-00-01.jpg", "image"), (messages[1].Attachment, messages[1].MediaType));
        Assert.Equal(
            ("00000029-Rechnung 4711.pdf", "document", "Die Rechnung"),
            (messages[2].Attachment, messages[2].MediaType, messages[2].Text)
        );
        Assert.Equal((null, "image"), (messages[3].Attachment, messages[3].MediaType));
        Assert.Equal("document", messages[4].MediaType);
        Assert.Equal((true, "Neuer Termin"), (messages[6].IsEdited, messages[6].Text));
        Assert.Contains("Rom", messages[8].Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Android_puts_captions_below_and_its_own_words_without_an_author()
    {
        var messages = await ReadAsync(
            """
            24.11.26, 13:00 - Nachrichten und Anrufe sind Ende-zu-Ende-verschlüsselt. Tippe, um mehr zu erfahren.
            24.11.26, 13:00 - Anna hat die Gruppe "Projekt: Alpha" erstellt
            24.11.26, 13:01 - Anna: IMG-20261124-WA0000.jpg (Datei angehängt)
            Unser neues Schild
            24.11.26, 13:02 - Anna: <Medien ausgeschlossen>
            24.11.26, 13:03 - Anna: This message was deleted
            24.11.26, 13:04 - Anna: Visitenkarte.vcf (file attached)
            24.11.26, 13:05 - Anna: PTT-20261124-WA0001.opus (file attached)
            24.11.26, 13:06 - Bernd: eine Zeile
            24.11.2026: keine Kopfzeile
            noch eine
            """
        );
        Assert.Equal([null, null, "Anna", "Anna", "Anna", "Anna", "Anna", "Bernd"], messages.Select(message => message.Author));
        Assert.Equal(("IMG-20261124-WA0000.jpg", "Unser neues Schild"), (messages[2].Attachment, messages[2].Text));
        Assert.Equal(ExportMessageKind.Media, messages[3].Kind);
        Assert.Equal(ExportMessageKind.Deleted, messages[4].Kind);
        Assert.Equal(ExportMessageKind.Contact, messages[5].Kind);
        Assert.Equal("audio", messages[6].MediaType);
        Assert.Equal("eine Zeile\n24.11.2026: keine Kopfzeile\nnoch eine", messages[7].Text.ReplaceLineEndings("\n"));
    }

    [Theory]
    [InlineData("3/4/26, 9:00 AM - A: x\n3/25/26, 9:00 AM - A: y", 3, 4)] // There is no 25th month.
    [InlineData("3/4/26, 09:00 - A: x\n25/4/26, 09:00 - A: y", 4, 3)]
    [InlineData("11/2/26, 09:00 - A: x\n1/3/26, 09:00 - A: y", 2, 11)] // With the month first, the chat would run backwards.
    [InlineData("3/4/26, 9:00 AM - A: x", 3, 4)] // A 12-hour clock and a two-digit year: the United States.
    [InlineData("3/4/2026, 09:00 - A: x", 4, 3)]
    public async Task Day_and_month_are_told_apart_by_the_whole_chat(string text, int month, int day) =>
        Assert.Equal((month, day), ((await ReadAsync(text))[0].Time.Month, (await ReadAsync(text))[0].Time.Day));

    [Fact]
    public async Task The_admin_knows_better_what_a_date_means() =>
        Assert.Equal(4, (await ReadAsync("3/4/26, 9:00 AM - A: x", DateOrder.DayFirst))[0].Time.Month);

    [Fact]
    public async Task A_pasted_message_stays_part_of_the_message_that_it_was_pasted_into()
    {
        var messages = await ReadAsync(
            """
            24.11.26, 13:00 - Anna: siehe unten:
            01.02.26, 09:00 - Bernd: ich war es
            24.11.26, 13:01 - Anna: eben
            """
        );
        Assert.Equal(2, messages.Count);
        Assert.Contains("Bernd: ich war es", messages[0].Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_telephone_whose_clock_was_set_back_loses_nothing()
    {
        var messages = await ReadAsync("24.11.26, 13:00 - A: 1\n01.11.26, 13:00 - A: 2\n01.11.26, 13:01 - A: 3\n");
        Assert.Equal(["1", "2", "3"], messages.Select(message => message.Text));
    }

    [Theory]
    [InlineData("Einkaufsliste\nBrot\nMilch\n")]
    [InlineData("")]
    [InlineData("24.11.26 Notiz ohne Uhrzeit")]
    public async Task A_text_that_is_no_chat_is_refused(string text) =>
        Assert.Equal(WhatsAppErrorKind.NotAChat, (await Assert.ThrowsAsync<WhatsAppException>(() => ReadAsync(text))).Kind);

    [Fact]
    public async Task Another_encoding_is_refused_and_UTF_16_with_its_mark_is_read()
    {
        var latin = Encoding.Latin1.GetBytes("24.11.26, 13:00 - Jörg: Grüße");
        Assert.Equal(
            WhatsAppErrorKind.WrongEncoding,
            (await Assert.ThrowsAsync<WhatsAppException>(() => ExportDetector.DetectAsync(new MemoryStream(latin), null, default))).Kind
        );
        var wide = Encoding.Unicode.GetPreamble().Concat(Encoding.Unicode.GetBytes("24.11.26, 13:00 - Jörg: Grüße")).ToArray();
        Assert.Equal(DateOrder.DayFirst, (await ExportDetector.DetectAsync(new MemoryStream(wide), null, default)).Order);
    }

    [Theory]
    [InlineData("WhatsApp Chat mit Anna Weiß.txt", "", "Anna Weiß")]
    [InlineData("WhatsApp Chat with Bernd (2).txt", "x", "Bernd (2)")]
    [InlineData("WhatsApp Chat with Bernd.txt (2)", "x", "Bernd (2)")]
    [InlineData("_chat(1).txt", "WhatsApp Chat - Projekt Alpha.zip", "Projekt Alpha")]
    [InlineData("_chat (3).txt", "", null)]
    [InlineData("_chat.txt", "WhatsApp Chat - Projekt Alpha.zip", "Projekt Alpha")]
    [InlineData("_chat.txt", "WhatsApp Chat - Projekt Alpha (1).zip", "Projekt Alpha (1)")]
    [InlineData("_chat.txt", "Kunde Meier", "Kunde Meier")]
    [InlineData("_chat.txt", "", null)]
    public void A_chat_has_the_name_of_its_file_or_of_what_is_around_it(string text, string container, string? name) =>
        Assert.Equal(name, ChatName.Of(text, container));

    [Theory]
    [InlineData("Bernd (2)", "Bernd")]
    [InlineData("Bernd - Kopie", "Bernd")]
    [InlineData("Bernd - Copy (2)", "Bernd")]
    [InlineData("Bernd", null)]
    public void What_was_added_to_tell_copies_apart_is_known(string name, string? without) =>
        Assert.Equal(without, ChatName.WithoutCopy(name));

    [Theory]
    [InlineData("Müller: Bau", "müller_ bau")]
    [InlineData("Team 🚀", "team 🚀️")]
    [InlineData("A/B", "A-B")]
    public void Two_spellings_of_one_name_have_one_key(string one, string other) =>
        Assert.Equal(ChatName.KeyOf(one), ChatName.KeyOf(other));

    [Fact]
    public void Names_that_differ_have_two_keys()
    {
        Assert.NotEqual(ChatName.KeyOf("Baustelle (1)"), ChatName.KeyOf("Baustelle (2)"));
        Assert.NotEqual(ChatName.KeyOf("🚀"), ChatName.KeyOf("🎉"));
        Assert.NotEqual(ChatName.KeyOf("محمد"), ChatName.KeyOf("أحمد"));
    }
}
