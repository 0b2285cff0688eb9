using System.IO.Compression;
using System.Text;
using System.Text.Json;
using KlarKonform.Backup.TestSupport;
using KlarKonform.Backup.WhatsApp.Archive;
using static KlarKonform.Backup.Engine.Tests.ChatScenario;

namespace KlarKonform.Backup.Engine.Tests;

/// <summary>Exports as people really make them: nothing in one gets lost silently, and no chat is mistaken for another.</summary>
public sealed class ChatExportTests
{
    private const char Mark = '\u200E';

    [Fact]
    public async Task The_chat_is_the_one_that_names_the_others_wherever_it_stands_in_the_ZIP()
    {
        await using var scenario = await StartAsync();
        Zip(
            scenario,
            "WhatsApp Chat - Bernd.zip",
            ("00000045-_chat.txt", "[01.02.26, 10:00:00] Anna: alt\n"),
            ("_chat.txt", $"[24.11.26, 13:05:09] Bernd: Angebot\n[24.11.26, 13:06:00] Bernd: {Mark}<Anhang: 00000045-_chat.txt>\n")
        );
        Zip(
            scenario,
            "WhatsApp Chat mit Clara.zip",
            ("WhatsApp Chat mit Anna.txt", "01.02.26, 10:00 - Anna: von Anna\n"),
            ("WhatsApp Chat mit Clara.txt", "24.11.26, 13:05 - Clara: von Clara\n")
        );
        var run = await scenario.RunAsync();
        using var restored = await RestoreAsync(scenario);
        Assert.Equal(["Bernd", "Clara"], Chats(restored));
        Assert.Equal("Angebot", Texts(restored, "Bernd")[0]);
        Assert.Equal(["von Clara"], Texts(restored, "Clara"));

        // Sent as a document and stored as one; no message names the other, which is stored as well.
        Assert.Contains(
            "alt",
            await File.ReadAllTextAsync(Assert.Single(Directory.GetFiles(Path.Combine(Root(restored), "Bernd", "media")))),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "von Anna",
            await File.ReadAllTextAsync(Assert.Single(Directory.GetFiles(Path.Combine(Root(restored), "Clara", "_unassigned")))),
            StringComparison.Ordinal
        );
        Assert.Contains(run.Notes, note => note.Contains("WhatsApp Chat mit Anna.txt", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_forwarded_export_in_an_unpacked_folder_is_an_attachment_too()
    {
        await using var scenario = await StartAsync();
        var folder = Directory.CreateDirectory(scenario.Folder["exports", "WhatsApp Chat - Bernd"]).FullName;
        await File.WriteAllTextAsync(
            Path.Combine(folder, "_chat.txt"),
            $"[24.11.26, 13:06:00] Bernd: {Mark}<Anhang: 00000012-WhatsApp Chat - Anna.txt>\n"
                + $"[24.11.26, 13:07:00] Bernd: {Mark}<Anhang: 00000013-Liste.txt>\n"
        );
        await File.WriteAllTextAsync(Path.Combine(folder, "00000012-WhatsApp Chat - Anna.txt"), "[01.02.26, 10:00:00] Anna: alt\n");
        await File.WriteAllTextAsync(Path.Combine(folder, "00000013-Liste.txt"), "Kabel\nRohre\n");
        Zip(
            scenario,
            "WhatsApp Chat - Bernd/00000014-WhatsApp Chat - Dora.zip",
            ("_chat.txt", "[01.02.26, 10:00:00] Dora: weitergeleitet\n")
        );
        await File.AppendAllTextAsync(
            Path.Combine(folder, "_chat.txt"),
            $"[24.11.26, 13:08:00] Bernd: {Mark}<Anhang: 00000014-WhatsApp Chat - Dora.zip>\n"
        );
        foreach (var full in (bool[])[false, false, true])
            Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync(new BackupOptions { Full = full })).Status);
        using var restored = await RestoreAsync(scenario);
        Assert.Equal(["Bernd"], Chats(restored));
        Assert.Equal(3, Directory.GetFiles(Path.Combine(Root(restored), "Bernd", "media")).Length);
    }

    [Fact]
    public async Task Bare_texts_of_one_name_are_told_apart_by_who_writes_in_them()
    {
        await using var scenario = await StartAsync();
        var file = scenario.Folder["exports", "_chat.txt"];
        await File.WriteAllTextAsync(file, "[24.11.26, 13:05:09] Anna: Guten Tag\n[24.11.26, 13:06:09] Firma: Guten Tag, Anna\n");
        await scenario.RunAsync();
        await File.WriteAllTextAsync(file, "[24.11.26, 14:05:09] Bernd: Moin moin\n[24.11.26, 14:06:09] Firma: Hallo Bernd\n");
        await scenario.RunAsync();
        using var restored = await RestoreAsync(scenario);
        Assert.Equal(["Anna, Firma", "Bernd, Firma"], Chats(restored));
        Assert.Equal(["Moin moin", "Hallo Bernd"], Texts(restored, "Bernd, Firma"));
    }

    [Fact]
    public async Task A_number_in_brackets_is_a_copy_where_the_people_agree_and_a_part_of_the_name_where_not()
    {
        await using var scenario = await StartAsync();
        Zip(
            scenario,
            "WhatsApp Chat mit Baustelle (1).zip",
            ("WhatsApp Chat mit Baustelle (1).txt", "24.11.26, 13:05 - Anna: Beton kommt\n24.11.26, 13:06 - Firma: Gut so\n")
        );
        Zip(
            scenario,
            "WhatsApp Chat mit Baustelle (2).zip",
            ("WhatsApp Chat mit Baustelle (2).txt", "24.11.26, 13:05 - Bernd: Stahl kommt\n24.11.26, 13:07 - Firma: Sehr gut\n")
        );
        Zip(
            scenario,
            "WhatsApp Chat mit Clara.zip",
            ("WhatsApp Chat mit Clara.txt", "24.11.26, 13:05 - Clara: Rechnung\n24.11.26, 13:06 - Firma: Danke sehr\n")
        );
        Zip(
            scenario,
            "WhatsApp Chat mit Clara (1).zip",
            (
                "WhatsApp Chat mit Clara.txt",
                "24.11.26, 13:05 - Clara: Rechnung\n24.11.26, 13:06 - Firma: Danke sehr\n25.11.26, 13:06 - Clara: Bezahlt\n"
            )
        );
        await scenario.RunAsync();
        using var restored = await RestoreAsync(scenario);
        Assert.Equal(["Baustelle (1)", "Baustelle (2)", "Clara"], Chats(restored));
        Assert.Equal(["Rechnung", "Danke sehr", "Bezahlt"], Texts(restored, "Clara"));
    }

    [Fact]
    public async Task Two_chats_of_one_name_stay_two_with_a_word_about_it_and_the_admin_may_know_better()
    {
        await using var scenario = await StartAsync();
        Zip(
            scenario,
            "a/WhatsApp Chat mit Team.zip",
            ("WhatsApp Chat mit Team.txt", "24.11.26, 13:05 - Anna: Beton kommt\n24.11.26, 13:06 - Clara: Gut so\n")
        );
        await scenario.RunAsync();
        Zip(
            scenario,
            "b/WhatsApp Chat mit Team.zip",
            ("WhatsApp Chat mit Team.txt", "25.11.26, 13:05 - Bernd: Stahl kommt\n25.11.26, 13:07 - Dora: Sehr gut\n")
        );
        var run = await scenario.RunAsync();
        Assert.Contains(run.Notes, note => note.Contains("sameChats", StringComparison.Ordinal));
        using (var restored = await RestoreAsync(scenario))
            Assert.Equal(2, Chats(restored).Length);
        var configuration = (await scenario.Engine.GetConfigurationsAsync("Test", default))[0];
        var exports = configuration.Sources.WhatsApp!.Exports!;
        await scenario.Engine.UpdateConfigurationAsync(
            configuration with
            {
                Sources = configuration.Sources with
                {
                    WhatsApp = configuration.Sources.WhatsApp with
                    {
                        Exports =
                        [
                            exports[0] with
                            {
                                SameChats = new Dictionary<string, string> { ["b/WhatsApp Chat mit Team.zip"] = "Team" },
                            },
                        ],
                    },
                },
            },
            default
        );
        Assert.DoesNotContain(
            (await scenario.RunAsync(new BackupOptions { Full = true })).Notes,
            note => note.Contains("sameChats", StringComparison.Ordinal)
        );
        using (var joined = await RestoreAsync(scenario))
            Assert.Equal(["Beton kommt", "Gut so", "Stahl kommt", "Sehr gut"], Texts(joined, "Team"));
    }

    [Fact]
    public async Task One_chat_is_one_under_two_spellings_under_a_number_and_after_a_change_of_name()
    {
        await using var scenario = await StartAsync();
        string Lines(string other, int count) =>
            string.Concat(
                Enumerable.Range(1, count).Select(i => $"24.11.26, 13:{i:00} - {(i % 2 == 0 ? "Firma" : other)}: Nachricht Nummer {i}\n")
            );
        Zip(scenario, "1.zip", ("WhatsApp Chat mit +49 171 1234567.txt", Lines("+49 171 1234567", 8)));
        Zip(
            scenario,
            "2.zip",
            ("WhatsApp Chat mit Müller_ Bau.txt", "24.11.26, 09:00 - Anna: Erste Frage\n24.11.26, 09:01 - Firma: Erste Antwort\n")
        );
        Zip(scenario, "3.zip", ("WhatsApp Chat mit Projekt.txt", Lines("Clara", 6).Replace("Nummer", "Projekt", StringComparison.Ordinal)));
        await scenario.RunAsync();
        Zip(scenario, "4.zip", ("WhatsApp Chat mit Bernd.txt", Lines("Bernd", 10)));
        Zip(
            scenario,
            "5.zip",
            ("WhatsApp Chat mit müller: bau.txt", "24.11.26, 09:01 - Firma: Erste Antwort\n24.11.26, 09:05 - Anna: Zweite Frage\n")
        );
        Zip(
            scenario,
            "6.zip",
            ("WhatsApp Chat mit Projekt Nord.txt", Lines("Clara", 9).Replace("Nummer", "Projekt", StringComparison.Ordinal))
        );
        await scenario.RunAsync();
        using var restored = await RestoreAsync(scenario);
        Assert.Equal(3, Chats(restored).Length);
        Assert.Equal([3, 9, 10], Chats(restored).Select(chat => Texts(restored, chat).Length).Order());
        var names = Directory
            .GetFiles(Root(restored), "chat.json", SearchOption.AllDirectories)
            .Select(file => JsonDocument.Parse(File.ReadAllText(file)).RootElement.GetProperty("name").GetString()!);
        Assert.Equal(
            ["Bernd", "Müller_ Bau", "Projekt Nord"],
            names
                .Select(name => name.StartsWith("m", StringComparison.OrdinalIgnoreCase) ? "Müller_ Bau" : name)
                .Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task A_text_that_was_sent_to_many_makes_no_two_customers_one()
    {
        await using var scenario = await StartAsync();
        const string news =
            "24.11.26, 09:00 - Firma: Wir haben am Freitag geschlossen\n24.11.26, 09:01 - Firma: Ab Montag sind wir wieder da\n";
        Zip(scenario, "1.zip", ("WhatsApp Chat mit Anna.txt", news + "24.11.26, 09:05 - Anna: Danke für die Auskunft\n"));
        Zip(scenario, "2.zip", ("WhatsApp Chat mit Bernd.txt", news + "24.11.26, 09:06 - Bernd: Alles klar soweit\n"));
        Zip(scenario, "3.zip", ("WhatsApp Chat mit Clara.txt", news));
        await scenario.RunAsync();
        using var restored = await RestoreAsync(scenario);
        Assert.Equal(["Anna", "Bernd", "Clara"], Chats(restored));
    }

    [Theory]
    [InlineData(-60)]
    [InlineData(-360)]
    [InlineData(345)]
    public async Task An_export_of_another_time_zone_doubles_nothing_and_keeps_the_chats_clock(int minutes)
    {
        await using var scenario = await StartAsync();
        var start = new DateTime(2026, 10, 31, 22, 10, 0);
        string Lines(int from, int count, int shift) =>
            string.Concat(
                Enumerable
                    .Range(from, count)
                    .Select(i =>
                        $"{start.AddMinutes((i * 7) + shift):dd.MM.yy, HH:mm} - {(i % 3 == 0 ? "Firma" : "Anna")}: Text der Nachricht {i}\n"
                    )
            );
        Zip(scenario, "WhatsApp Chat mit Anna.zip", ("WhatsApp Chat mit Anna.txt", Lines(0, 20, 0)));
        await scenario.RunAsync();
        Zip(scenario, "WhatsApp Chat mit Anna (1).zip", ("WhatsApp Chat mit Anna.txt", Lines(0, 22, minutes)));
        var run = await scenario.RunAsync();
        Assert.Contains(
            run.Notes,
            note => note.Contains("Anna (1).zip", StringComparison.Ordinal) && note.Contains($"{minutes:+0;-0}", StringComparison.Ordinal)
        );
        using var restored = await RestoreAsync(scenario);
        var lines = AllLines(restored);
        Assert.Equal(22, lines.Length);
        Assert.Equal(start.AddMinutes(21 * 7).ToString("yyyy-MM-dd'T'HH:mm", null), lines.Max(line => line.LocalTime));
    }

    [Fact]
    public async Task Where_summer_time_begins_on_one_side_only_an_edited_message_meets_its_own()
    {
        await using var scenario = await StartAsync();

        // Berlin's clock is put forward at the end of March, Tokyo's never is.
        var change = new DateTime(2026, 3, 29, 2, 0, 0);
        string Line(DateTime berlin, bool elsewhere, string text) =>
            $"{(elsewhere ? berlin.AddHours(berlin < change ? 8 : 7) : berlin):dd.MM.yy, HH:mm} - Anna: {text}\n";
        string Chat(bool elsewhere) =>
            string.Concat(Enumerable.Range(0, 12).Select(i => Line(change.AddHours(-120 + (i * 10)), elsewhere, $"Text der Nachricht {i}")))
            + Line(change.AddHours(-1), elsewhere, elsewhere ? "Treffen um zehn <Diese Nachricht wurde bearbeitet.>" : "Treffen um neun")
            + string.Concat(
                Enumerable.Range(12, 8).Select(i => Line(change.AddHours(1 + ((i - 12) * 10)), elsewhere, $"Text der Nachricht {i}"))
            );
        Zip(scenario, "WhatsApp Chat mit Anna.zip", ("WhatsApp Chat mit Anna.txt", Chat(elsewhere: false)));
        await scenario.RunAsync();
        Zip(scenario, "WhatsApp Chat mit Anna (1).zip", ("WhatsApp Chat mit Anna.txt", Chat(elsewhere: true)));
        await scenario.RunAsync();
        using var restored = await RestoreAsync(scenario);
        Assert.Equal(21, AllLines(restored).Length);
        var edited = Assert.Single(AllLines(restored), line => line.Edited);
        Assert.Equal(("Treffen um zehn", change.AddHours(-1).ToString("yyyy-MM-dd'T'HH:mm", null)), (edited.Text, edited.LocalTime));
    }

    [Fact]
    public async Task Odd_names_equal_names_and_names_of_nobody_are_all_kept_and_one_bad_entry_costs_itself()
    {
        await using var scenario = await StartAsync();
        var text =
            $"[24.11.26, 13:05:00] Bernd: {Mark}<Anhang: 00000007-cm-chat-media-video-1:2e61:0.MOV>\n"
            + $"[24.11.26, 13:06:00] Bernd: {Mark}<Anhang: DOC-20250930-WA0000.>\n"
            + $"[24.11.26, 13:07:00] Bernd: {Mark}<Anhang: fehlt.pdf>\n";
        Zip(
            scenario,
            "WhatsApp Chat - Bernd.zip",
            ("_chat.txt", text),
            ("00000007-cm-chat-media-video-1:2e61:0.MOV", "video"),
            ("DOC-20250930-WA0000.", "dokument"),
            ("gleich.pdf", "eins"),
            ("gleich.pdf", "zwei"),
            ("../../boese.txt", "raus"),
            ("Bilder\\Urlaub.", "bild")
        );
        var run = await scenario.RunAsync();
        Assert.Equal(BackupState.Partial, run.Status);
        Assert.Equal("EntryLeadsOut", Assert.Single(run.Failures).Code);
        Assert.Contains(run.Notes, note => note.Contains("fehlt.pdf", StringComparison.Ordinal));
        using var restored = await RestoreAsync(scenario);
        Assert.Equal(
            ["dokument", "video"],
            Directory.GetFiles(Path.Combine(Root(restored), "Bernd", "media")).Select(File.ReadAllText).Order(StringComparer.Ordinal)
        );
        Assert.Equal(
            ["bild", "eins", "zwei"],
            Directory.GetFiles(Path.Combine(Root(restored), "Bernd", "_unassigned")).Select(File.ReadAllText).Order(StringComparer.Ordinal)
        );
        Assert.Equal(
            text,
            await File.ReadAllTextAsync(Assert.Single(Directory.GetFiles(Path.Combine(Root(restored), "Bernd", "_exports"))))
        );
        using var info = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(Root(restored), "Bernd", "chat.json")));
        var balance = info.RootElement.GetProperty("exports").GetProperty("WhatsApp Chat - Bernd.zip");
        Assert.Equal(
            (3, 2, 1, 3),
            (
                balance.GetProperty("messages").GetInt32(),
                balance.GetProperty("named").GetInt32(),
                balance.GetProperty("missing").GetArrayLength(),
                balance.GetProperty("unassigned").GetArrayLength()
            )
        );

        // The same the next night, without being read again.
        Assert.Equal(BackupState.Partial, (await scenario.RunAsync()).Status);
        File.Delete(scenario.Folder["exports", "WhatsApp Chat - Bernd.zip"]);
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync()).Status);
    }

    [Fact]
    public async Task A_ZIP_is_one_whatever_it_is_called()
    {
        await using var scenario = await StartAsync();
        Zip(scenario, "WhatsApp Chat - X.zip", ("_chat.txt", "[24.11.26, 13:05:00] Xaver: als Text\n"));
        File.Move(scenario.Folder["exports", "WhatsApp Chat - X.zip"], scenario.Folder["exports", "WhatsApp Chat - X.txt"]);
        Zip(scenario, "WhatsApp Chat - Y.zip", ("_chat.txt", "[24.11.26, 13:05:00] Yves: ohne alles\n"));
        File.Move(scenario.Folder["exports", "WhatsApp Chat - Y.zip"], scenario.Folder["exports", "WhatsApp Chat - Y"]);
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync()).Status);
        Assert.Equal(0, (await scenario.RunAsync()).ItemsUpdated);
        using var restored = await RestoreAsync(scenario);
        Assert.Equal(["X", "Y"], Chats(restored));
    }

    [Fact]
    public async Task A_file_that_arrives_after_its_text_and_another_one_under_a_known_name_are_kept()
    {
        await using var scenario = await StartAsync();
        var folder = Directory.CreateDirectory(scenario.Folder["exports", "WhatsApp Chat mit Anna"]).FullName;
        await File.WriteAllTextAsync(
            Path.Combine(folder, "WhatsApp Chat mit Anna.txt"),
            "24.11.26, 13:05 - Anna: IMG-20261124-WA0001.jpg (Datei angehängt)\n24.11.26, 13:06 - Anna: schau mal\n"
        );
        await scenario.RunAsync();
        await File.WriteAllTextAsync(Path.Combine(folder, "IMG-20261124-WA0001.jpg"), "bild");
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync()).Status);
        Zip(
            scenario,
            "WhatsApp Chat mit Anna.zip",
            (
                "WhatsApp Chat mit Anna.txt",
                "24.11.26, 13:05 - Anna: IMG-20261124-WA0001.jpg (Datei angehängt)\n24.11.26, 13:06 - Anna: schau mal\n"
            ),
            ("IMG-20261124-WA0001.jpg", "besser")
        );
        await scenario.RunAsync();
        using var restored = await RestoreAsync(scenario);
        Assert.Equal("bild", await File.ReadAllTextAsync(Assert.Single(Directory.GetFiles(Path.Combine(Root(restored), "Anna", "media")))));
        Assert.Equal(
            "besser",
            await File.ReadAllTextAsync(Assert.Single(Directory.GetFiles(Path.Combine(Root(restored), "Anna", "_unassigned"))))
        );
    }

    [Fact]
    public async Task A_forwarded_chat_that_arrives_a_night_later_is_an_attachment_all_the_same()
    {
        await using var scenario = await StartAsync();
        var folder = scenario.Folder["exports"];
        await File.WriteAllTextAsync(
            Path.Combine(folder, "WhatsApp Chat mit Bernd.txt"),
            "24.11.26, 13:05 - Bernd: WhatsApp Chat mit Anna.txt (Datei angehängt)\n24.11.26, 13:06 - Firma: danke sehr\n"
        );
        await scenario.RunAsync();
        await File.WriteAllTextAsync(Path.Combine(folder, "WhatsApp Chat mit Anna.txt"), "01.02.26, 10:00 - Anna: alt\n");
        await scenario.RunAsync();
        using var restored = await RestoreAsync(scenario);
        Assert.Equal(["Bernd"], Chats(restored));
        Assert.Single(Directory.GetFiles(Path.Combine(Root(restored), "Bernd", "media")));
    }

    [Fact]
    public async Task Files_in_folders_below_the_chats_are_its_own_unpacked_or_not()
    {
        await using var scenario = await StartAsync();
        var text =
            $"[24.11.26, 13:06:00] Bernd: {Mark}<Anhang: 00000012-FOTO.jpg>\n[24.11.26, 13:07:00] Bernd: {Mark}<Anhang: "
            + $"WhatsApp Chat mit Anna.txt>\n";
        var folder = Directory.CreateDirectory(scenario.Folder["exports", "WhatsApp Chat - Clara", "media"]).FullName;
        await File.WriteAllTextAsync(
            Path.Combine(folder, "..", "_chat.txt"),
            text.Replace("Bernd", "Clara", StringComparison.Ordinal)
                .Replace("WhatsApp Chat mit Anna.txt", "liste.pdf", StringComparison.Ordinal)
        );
        await File.WriteAllTextAsync(Path.Combine(folder, "00000012-FOTO.jpg"), "bild");
        await File.WriteAllTextAsync(Path.Combine(folder, "liste.pdf"), "liste");
        await File.WriteAllTextAsync(Path.Combine(folder, "mehr.pdf"), "mehr");
        Zip(
            scenario,
            "WhatsApp Chat - Bernd.zip",
            ("_chat.txt", text),
            ("media/00000012-FOTO.jpg", "foto"),
            ("media/WhatsApp Chat mit Anna.txt", "01.02.26, 10:00 - Anna: alt\n"),
            ("media/rest.pdf", "rest")
        );
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync()).Status);
        using var restored = await RestoreAsync(scenario);
        Assert.Equal(["Bernd", "Clara"], Chats(restored));
        foreach (var chat in Chats(restored))
        {
            Assert.Equal(2, Directory.GetFiles(Path.Combine(Root(restored), chat, "media")).Length);
            Assert.Single(Directory.GetFiles(Path.Combine(Root(restored), chat, "_unassigned")));
        }
    }

    [Fact]
    public async Task A_damaged_document_in_a_ZIP_costs_itself_and_not_the_chat()
    {
        await using var scenario = await StartAsync();
        Zip(
            scenario,
            "WhatsApp Chat - Bernd.zip",
            ("_chat.txt", "[24.11.26, 13:06:00] Bernd: alles da\n"),
            ("00000012-notizen.txt", "NOTIZEN-NOTIZEN-NOTIZEN")
        );
        var path = scenario.Folder["exports", "WhatsApp Chat - Bernd.zip"];
        using (var zip = ZipFile.Open(path, ZipArchiveMode.Update))
            zip.GetEntry("00000012-notizen.txt")!.Delete();
        using (var zip = ZipFile.Open(path, ZipArchiveMode.Update))
        {
            using var stream = zip.CreateEntry("00000012-notizen.txt", CompressionLevel.NoCompression).Open();
            stream.Write("NOTIZEN-NOTIZEN-NOTIZEN"u8);
        }

        var bytes = await File.ReadAllBytesAsync(path);
        bytes[bytes.AsSpan().IndexOf("NOTIZEN-"u8)] ^= 1;
        await File.WriteAllBytesAsync(path, bytes);
        var run = await scenario.RunAsync();
        Assert.Equal(BackupState.Partial, run.Status);
        Assert.All(run.Failures, failure => Assert.Contains("notizen", failure.Name, StringComparison.Ordinal));
        using var restored = await RestoreAsync(scenario);
        Assert.Equal(["alles da"], Texts(restored, "Bernd"));
    }

    [Fact]
    public async Task Where_two_chats_have_the_name_and_nothing_tells_a_third_export_is_a_chat_of_its_own()
    {
        await using var scenario = await StartAsync();
        string Day(int day, string what) =>
            string.Concat(
                Enumerable.Range(0, 6).Select(i => $"{day:00}.11.26, 13:{i:00} - {(i % 2 == 0 ? "Anna" : "Büro")}: {what} Nummer {i}\n")
            );
        Zip(scenario, "a/WhatsApp Chat mit Anna.zip", ("WhatsApp Chat mit Anna.txt", Day(1, "Dach")));
        Zip(scenario, "b/WhatsApp Chat mit Anna.zip", ("WhatsApp Chat mit Anna.txt", Day(1, "Keller")));
        await scenario.RunAsync();
        Zip(scenario, "c/WhatsApp Chat mit Anna.zip", ("WhatsApp Chat mit Anna.txt", Day(20, "Garten")));
        var run = await scenario.RunAsync();
        Assert.Contains(run.Notes, note => note.Contains("sameChats", StringComparison.Ordinal));
        using var restored = await RestoreAsync(scenario);
        Assert.Equal(3, Chats(restored).Length);
    }

    [Theory]
    [InlineData("WhatsApp Chat mit Anna.txt (1)")]
    [InlineData("WhatsApp Chat mit Anna.txt.1")]
    [InlineData("WhatsApp Chat mit Anna")]
    public async Task A_text_is_one_with_the_endings_that_copies_get(string name)
    {
        await using var scenario = await StartAsync();
        await File.WriteAllTextAsync(scenario.Folder["exports", name], "24.11.26, 13:05 - Anna: da bin ich\n");
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync()).Status);
        using var restored = await RestoreAsync(scenario);
        Assert.Equal("da bin ich", Assert.Single(AllLines(restored)).Text);
    }

    [Fact]
    public async Task Who_decides_later_that_deleted_messages_go_has_them_taken_out_of_everything_that_lies_beside_too()
    {
        await using var scenario = await StartAsync();
        const string line = "24.10.26, 13:06 - Anna: ganz geheim\n24.11.26, 13:05 - Anna: IMG-20261124-WA0001.jpg (Datei angehängt)\n";
        string Name(int number) => $"WhatsApp Chat mit Anna{(number == 0 ? "" : $" ({number})")}.zip";
        Zip(scenario, Name(0), ("WhatsApp Chat mit Anna.txt", line), ("IMG-20261124-WA0001.jpg", "geheimes Bild"));
        Zip(scenario, Name(1), ("WhatsApp Chat mit Anna.txt", line), ("IMG-20261124-WA0001.jpg", "geheimes Bild, besser"));
        Zip(
            scenario,
            Name(2),
            (
                "WhatsApp Chat mit Anna.txt",
                "24.10.26, 13:06 - Anna: Diese Nachricht wurde gelöscht.\n24.11.26, 13:05 - Anna: Diese Nachricht wurde gelöscht.\n"
            )
        );
        await scenario.RunAsync();
        using (var kept = await RestoreAsync(scenario))
            Assert.NotEmpty(Secrets(kept));
        foreach (var number in Enumerable.Range(0, 3))
            File.Delete(scenario.Folder["exports", Name(number)]);
        var configuration = (await scenario.Engine.GetConfigurationsAsync("Test", default))[0];
        await scenario.Engine.UpdateConfigurationAsync(
            configuration with
            {
                Sources = configuration.Sources with
                {
                    WhatsApp = configuration.Sources.WhatsApp! with { DeletedMessages = DeletedMessagesPolicy.Redact },
                },
            },
            default
        );
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync()).Status);
        using var restored = await RestoreAsync(scenario);
        Assert.Empty(Secrets(restored));
        Assert.Equal(2, AllLines(restored).Count(each => each.Redacted));
        Assert.Equal((0, 0L), await AgainAsync());

        string[] Secrets(TemporaryFolder folder) =>
            [
                .. Directory
                    .GetFiles(folder.Path, "*", SearchOption.AllDirectories)
                    .Where(file => File.ReadAllText(file).Contains("geheim", StringComparison.Ordinal)),
            ];
        async Task<(int, long)> AgainAsync() => await scenario.RunAsync() is var run ? ((int)run.ItemsUpdated, run.ItemsRemoved) : default;
    }

    private static void Zip(BackupScenario scenario, string name, params (string Name, string Content)[] entries)
    {
        var path = Path.Combine(scenario.Folder["exports"], name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var zip = ZipFile.Open(path, ZipArchiveMode.Create);
        foreach (var (entry, content) in entries)
        {
            using var stream = zip.CreateEntry(entry).Open();
            stream.Write(Encoding.UTF8.GetBytes(content));
        }
    }

    private static string Root(TemporaryFolder restored) => Path.Combine(restored.Path, "WhatsApp", "+49301234567");

    private static string[] Chats(TemporaryFolder restored) =>
        [.. Directory.GetDirectories(Root(restored)).Select(folder => Path.GetFileName(folder)!).Order(StringComparer.Ordinal)];

    private static string[] Texts(TemporaryFolder restored, string chat) =>
        [
            .. Directory
                .GetFiles(Path.Combine(Root(restored), chat), "*.jsonl")
                .Order(StringComparer.Ordinal)
                .SelectMany(file => ChatMonth.Parse(File.ReadAllBytes(file)).Lines)
                .Select(line => line.Text ?? ""),
        ];
}
