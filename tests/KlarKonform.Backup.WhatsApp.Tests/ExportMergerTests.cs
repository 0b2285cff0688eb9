using CsCheck;
using KlarKonform.Backup.WhatsApp.Archive;
using static KlarKonform.Backup.WhatsApp.Tests.ExportText;

namespace KlarKonform.Backup.WhatsApp.Tests;

public sealed class ExportMergerTests
{
    private static readonly string[] s_authors = ["Anna", "Bernd", "Dr. Çelik"];
    private static readonly string[] s_texts = ["ok", "ja", "Guten Tag\nwie besprochen", "5 - 3: 2", "[1] siehe"];
    private static readonly DateTimeOffset s_now = new(2026, 11, 26, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Exports_of_the_same_chat_merge_whatever_telephone_language_and_clock_they_come_from() =>
        await Chats
            .Array[1, 4]
            .SampleAsync(
                async exports =>
                {
                    var chat = exports[0].Chat;
                    var month = ChatMonth.Parse([]);

                    // At least one of them contains the whole chat, the others show parts of it; in any order, each twice.
                    foreach (var export in exports.Skip(1).Prepend(exports[0] with { From = 0, To = int.MaxValue }).Concat(exports))
                        month = await MergeAsync(month, (export with { Chat = chat }).Render());
                    Assert.Equal(
                        chat.Select(message => (message.Author, Text: message.Media ? "" : message.Text)),
                        month.Lines.Select(line => (line.From!.Name!, line.Media is null ? line.Text! : ""))
                    );
                    Assert.Equal(month.Lines.Count, month.Lines.Select(line => line.Id).Distinct().Count());
                },
                iter: 2000
            );

    [Fact]
    public async Task A_message_that_was_deleted_since_keeps_what_it_said_and_is_marked()
    {
        var month = await MergeAsync(ChatMonth.Parse([]), "24.11.26, 13:00 - Anna: geheim\n24.11.26, 13:00 - Bernd: aha");
        month = await MergeAsync(
            month,
            "[24.11.26, 13:00:07] Anna: \u200EDiese Nachricht wurde gelöscht.\n[24.11.26, 13:00:09] Bernd: aha"
        );
        month = await MergeAsync(
            month,
            "[24.11.26, 13:00:07] Anna: \u200EDiese Nachricht wurde gelöscht.\n[24.11.26, 13:00:09] Bernd: aha"
        );
        month = await MergeAsync(month, "24.11.26, 13:00 - Anna: geheim\n24.11.26, 13:00 - Bernd: aha");
        Assert.Equal([("geheim", true), ("aha", false)], month.Lines.Select(line => (line.Text!, line.Deleted)));
    }

    [Fact]
    public async Task An_edited_message_shows_the_new_text_and_keeps_the_old_one()
    {
        var month = await MergeAsync(ChatMonth.Parse([]), "24.11.26, 13:00 - Anna: Treffen um 9\n24.11.26, 13:05 - Bernd: gut");
        month = await MergeAsync(
            month,
            "24.11.26, 13:00 - Anna: Treffen um 10 <Diese Nachricht wurde bearbeitet.>\n24.11.26, 13:05 - Bernd: gut"
        );
        month = await MergeAsync(month, "24.11.26, 13:00 - Anna: Treffen um 9\n24.11.26, 13:05 - Bernd: gut");
        month = await MergeAsync(
            month,
            "24.11.26, 13:00 - Anna: Treffen um 11 <Diese Nachricht wurde bearbeitet.>\n24.11.26, 13:05 - Bernd: gut"
        );
        Assert.Equal(("Treffen um 11", true), (month.Lines[0].Text, month.Lines[0].Edited));
        Assert.Equal(["Treffen um 9", "Treffen um 10"], month.Lines[0].Earlier!.Select(version => version.Text));
        Assert.Equal(2, month.Lines.Count);
    }

    [Fact]
    public async Task An_older_export_that_comes_later_tells_what_a_message_said_before()
    {
        var month = await MergeAsync(
            ChatMonth.Parse([]),
            "24.11.26, 13:00 - Anna: Treffen um 10 <Diese Nachricht wurde bearbeitet.>\n"
                + "24.11.26, 13:01 - Anna: Diese Nachricht wurde gelöscht.\n24.11.26, 13:05 - B: x"
        );
        month = await MergeAsync(month, "24.11.26, 13:00 - Anna: Treffen um 9\n24.11.26, 13:01 - Anna: geheim\n24.11.26, 13:05 - B: x");
        Assert.Equal(["Treffen um 10", "geheim", "x"], month.Lines.Select(line => line.Text));
        Assert.Equal("Treffen um 9", month.Lines[0].Earlier![0].Text);
        Assert.True(month.Lines[1].Deleted);
    }

    [Fact]
    public async Task A_contact_that_was_renamed_in_the_middle_of_a_month_stays_one_person_however_often_it_is_exported()
    {
        const string later =
            "24.11.26, 13:00 - Bernd: eins zwei\n24.11.26, 13:00 - Anna: eins zwei\n24.11.26, 13:05 - Bernd: drei\n"
            + "25.11.26, 13:05 - Bernd: vier\n";
        var month = await MergeAsync(
            ChatMonth.Parse([]),
            "24.11.26, 13:00 - +49 171 1234567: eins zwei\n24.11.26, 13:00 - Anna: eins zwei\n24.11.26, 13:05 - +49 171 1234567: drei\n"
        );
        for (var time = 0; time < 3; time++)
            month = await MergeAsync(month, later);
        Assert.Equal(["eins zwei", "eins zwei", "drei", "vier"], month.Lines.Select(line => line.Text));
    }

    [Fact]
    public async Task A_contact_that_was_renamed_stays_one_person()
    {
        var month = await MergeAsync(
            ChatMonth.Parse([]),
            "24.11.26, 13:00 - +49 171 1: Guten Tag\n24.11.26, 13:01 - Bernd: Hallo\n24.11.26, 13:02 - +49 171 1: ok"
        );
        month = await MergeAsync(
            month,
            "24.11.26, 13:00 - Kundin Weiß: Guten Tag\n24.11.26, 13:01 - Bernd: Hallo\n24.11.26, 13:02 - Kundin Weiß: ok\n"
                + "24.11.26, 13:03 - Kundin Weiß: bis dann"
        );
        Assert.Equal(["Guten Tag", "Hallo", "ok", "bis dann"], month.Lines.Select(line => line.Text));
    }

    [Fact]
    public async Task An_export_with_media_completes_one_without_and_a_cut_last_message_is_completed()
    {
        var month = await MergeAsync(
            ChatMonth.Parse([]),
            "24.11.26, 13:00 - Anna: <Medien ausgeschlossen>\n24.11.26, 13:01 - Anna: Sehr geehr"
        );
        month = await MergeAsync(
            month,
            "24.11.26, 13:00 - Anna: IMG-20261124-WA0000.jpg (Datei angehängt)\n24.11.26, 13:01 - Anna: Sehr geehrte Damen\n"
                + "24.11.26, 13:02 - Anna: ja"
        );
        Assert.Equal(3, month.Lines.Count);
        Assert.Equal(("IMG-20261124-WA0000.jpg", MediaState.Missing), (month.Lines[0].Media!.Name, month.Lines[0].Media!.State));
        Assert.Equal("Sehr geehrte Damen", month.Lines[1].Text);
    }

    [Fact]
    public async Task The_telephones_language_changes_its_own_words_and_no_message()
    {
        var month = await MergeAsync(
            ChatMonth.Parse([]),
            "24.11.26, 13:00 - Anna hat die Gruppe \"Alpha\" erstellt\n24.11.26, 13:01 - Anna: <Medien ausgeschlossen>"
        );
        month = await MergeAsync(month, "11/24/26, 1:00 PM - Anna created group \"Alpha\"\n11/24/26, 1:01 PM - Anna: <Media omitted>");
        Assert.Equal(2, month.Lines.Count);
    }

    private static async Task<ChatMonth> MergeAsync(ChatMonth month, string export)
    {
        var merger = new ExportMerger("chat", local => new DateTimeOffset(local, TimeSpan.Zero), s_now);
        merger.Merge(month, await ReadAsync(export), endsExport: true);
        return ChatMonth.Parse(month.Write());
    }

    private static Gen<Export> Chats =>
        Gen.Select(
            Gen.Select(
                Gen.Int[0, 2],
                Gen.Int[0, 2].Select(i => s_authors[i]),
                Gen.Int[0, 4].Select(i => s_texts[i]),
                Gen.Bool,
                (minutes, author, text, media) => (minutes, author, text, media: media && text == "ja")
            ).Array[1, 25],
            Gen.Int[0, 3],
            Gen.Int[0, 25],
            Gen.Int[0, 25],
            (steps, form, from, to) =>
            {
                // Whatever the order of day and month, the 24th is a day.
                var time = new DateTime(2026, 11, 24, 11, 30, 0);
                var chat = new List<Message>();
                foreach (var (minutes, author, text, media) in steps)
                {
                    time = time.AddMinutes(minutes);
                    chat.Add(new Message(time, author, text, media));
                }

                return new Export(chat, form, from, to);
            }
        );

    private sealed record Message(DateTime Time, string Author, string Text, bool Media);

    private sealed record Export(IReadOnlyList<Message> Chat, int Form, int From, int To)
    {
        public string Render()
        {
            var invariant = System.Globalization.CultureInfo.InvariantCulture;

            // An export may end anywhere; here it begins with a whole minute: otherwise two equal messages could not be told from one.
            var from = Math.Min(From, Chat.Count - 1);
            while (from > 0 && Chat[from - 1].Time == Chat[from].Time)
                from--;
            var shown = Chat.Take(Math.Max(from + 1, To)).Skip(from);
            return string.Concat(
                shown.Select(
                    (message, i) =>
                        Form switch
                        {
                            0 => $"[{message.Time.AddSeconds(7).ToString("dd.MM.yy, HH:mm:ss", invariant)}] {message.Author}: "
                                + $"{(message.Media ? $"\u200E<Anhang: {i:D8}-PHOTO.jpg>" : message.Text)}\r\n",
                            1 => $"[{message.Time.ToString("M/d/yy, h:mm:ss\u202Ftt", invariant)}] {message.Author}: "
                                + $"{(message.Media ? "\u200Eimage omitted" : message.Text)}\r\n",
                            2 => $"{message.Time.ToString("dd.MM.yyyy, HH:mm", invariant)} - {message.Author}: "
                                + $"{(message.Media ? $"IMG-20261124-WA{i:D4}.jpg (Datei angehängt)" : message.Text)}\n",
                            _ => $"{message.Time.ToString("M/d/yy, h:mm tt", invariant)} - {message.Author}: "
                                + $"{(message.Media ? "<Media omitted>" : message.Text)}\n",
                        }
                )
            );
        }
    }
}
