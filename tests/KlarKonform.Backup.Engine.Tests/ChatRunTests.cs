using System.IO.Compression;
using System.Text;
using KlarKonform.Backup.TestSupport;
using KlarKonform.Backup.WhatsApp.Archive;
using KlarKonform.Backup.WhatsApp.Webhooks;
using Microsoft.Extensions.Time.Testing;
using static KlarKonform.Backup.Engine.Tests.ChatScenario;

namespace KlarKonform.Backup.Engine.Tests;

/// <summary>WhatsApp chats from the place where they are dropped to the restored file.</summary>
public sealed class ChatRunTests
{
    private static readonly DateTimeOffset s_start = new(2026, 10, 5, 8, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Exported_chats_with_their_media_are_in_the_snapshot_month_by_month_and_a_second_run_adds_nothing()
    {
        await using var scenario = await StartAsync();
        scenario.Tenant.Chats.WriteExports(scenario.Folder["exports"]);
        var run = await scenario.RunAsync();
        Assert.Equal((BackupState.Succeeded, true), (run.Status, run.Verified));
        using var restored = await RestoreAsync(scenario);
        var chats = Path.Combine(restored.Path, "WhatsApp", "+49301234567");
        Assert.Equal(
            ["Anna Weiß", "Lager", "Projekt Alpha"],
            Directory.GetDirectories(chats).Select(Path.GetFileName).Order(StringComparer.Ordinal)
        );
        var lines = Directory
            .GetFiles(chats, "*.jsonl", SearchOption.AllDirectories)
            .SelectMany(file => ChatMonth.Parse(File.ReadAllBytes(file)).Lines)
            .ToArray();
        Assert.Equal(scenario.Tenant.Chats.Exported, lines.Length);
        Assert.All(lines.Where(line => line.Media?.Name is not null), line => Assert.Equal(MediaState.Stored, line.Media!.State));
        foreach (var chat in Directory.GetDirectories(chats))
        {
            foreach (
                var line in Directory
                    .GetFiles(chat, "*.jsonl")
                    .SelectMany(file => ChatMonth.Parse(File.ReadAllBytes(file)).Lines)
                    .Where(line => line.Media?.File is not null)
            )
                Assert.Equal(line.Media!.Size, new FileInfo(Path.Combine(chat, line.Media.File!)).Length);
        }

        scenario.Restic.Run("check", "--read-data");
        var again = await scenario.RunAsync();
        Assert.Equal((0, 0, 0L), (again.ItemsDownloaded, again.ItemsUpdated, again.ItemsRemoved));
        var full = await scenario.RunAsync(new BackupOptions { Full = true });
        Assert.Equal((BackupState.Succeeded, 0, 0), (full.Status, full.ItemsDownloaded, full.ItemsUpdated));
    }

    [Fact]
    public async Task A_newer_export_adds_what_is_new_and_what_was_dropped_may_be_taken_away()
    {
        await using var scenario = await StartAsync();
        var folder = Directory.CreateDirectory(scenario.Folder["exports"]).FullName;
        await File.WriteAllTextAsync(
            Path.Combine(folder, "WhatsApp Chat mit Bernd.txt"),
            "24.11.26, 13:00 - Bernd: eins\n24.11.26, 13:01 - Bernd: zwei\n"
        );
        await scenario.RunAsync();
        File.Delete(Path.Combine(folder, "WhatsApp Chat mit Bernd.txt"));
        await File.WriteAllTextAsync(
            Path.Combine(folder, "WhatsApp Chat mit Bernd (1).txt"),
            "11/24/26, 1:01 PM - Bernd: zwei\n12/1/26, 9:00 AM - Bernd: drei\n"
        );
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync()).Status);
        using var restored = await RestoreAsync(scenario);
        Assert.Equal(["eins", "zwei"], Lines(restored, "Bernd", "2026-11").Select(line => line.Text));
        Assert.Equal(["drei"], Lines(restored, "Bernd", "2026-12").Select(line => line.Text));
    }

    [Fact]
    public async Task A_folder_of_an_unpacked_export_is_as_good_as_its_ZIP()
    {
        await using var scenario = await StartAsync();
        scenario.Tenant.Chats.WriteExports(scenario.Folder["zips"]);
        foreach (var zip in Directory.GetFiles(scenario.Folder["zips"], "*.zip"))
            ZipFile.ExtractToDirectory(zip, Path.Combine(scenario.Folder["exports"], Path.GetFileNameWithoutExtension(zip)));
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync()).Status);
        using var restored = await RestoreAsync(scenario);
        Assert.Contains(Lines(restored, "Projekt Alpha", "2026-10"), line => line.Media is { State: MediaState.Stored });
        Assert.Contains(Lines(restored, "Anna Weiß", "2026-10"), line => line.Media is { State: MediaState.Stored });
    }

    [Fact]
    public async Task What_is_no_chat_is_reported_once_and_the_rest_is_backed_up()
    {
        await using var scenario = await StartAsync();
        scenario.Tenant.Chats.WriteExports(scenario.Folder["exports"]);
        var folder = scenario.Folder["exports"];
        await File.WriteAllTextAsync(Path.Combine(folder, "Notizen.txt"), "Brot\nMilch\n");
        await File.WriteAllBytesAsync(
            Path.Combine(folder, "WhatsApp Chat mit Jörg.txt"),
            Encoding.Latin1.GetBytes("24.11.26, 13:00 - Jörg: Grüße")
        );
        var half = await File.ReadAllBytesAsync(Path.Combine(folder, "WhatsApp Chat - Projekt Alpha.zip"));
        await File.WriteAllBytesAsync(Path.Combine(folder, "WhatsApp Chat - Halb.zip"), half[..(half.Length / 2)]);
        using (var evil = ZipFile.Open(Path.Combine(folder, "evil.zip"), ZipArchiveMode.Create))
        {
            using var entry = new StreamWriter(evil.CreateEntry("../../_chat.txt").Open());
            await entry.WriteAsync("24.11.26, 13:00 - Eve: hi");
        }

        var run = await scenario.RunAsync();
        Assert.Equal(BackupState.Partial, run.Status);
        Assert.Equal(
            [
                "EntryLeadsOut evil.zip/_chat.txt",
                "Incomplete WhatsApp Chat - Halb.zip",
                "NotAChat Notizen.txt",
                "NotAChat evil.zip",
                "WrongEncoding WhatsApp Chat mit Jörg.txt",
            ],
            run.Failures.Select(failure => $"{failure.Code} {failure.Name}").Order(StringComparer.Ordinal)
        );
        using (var restored = await RestoreAsync(scenario))
            Assert.NotEmpty(Lines(restored, "Projekt Alpha", "2026-10"));

        // Unchanged files are not examined again; incomplete ones are.
        await File.WriteAllBytesAsync(Path.Combine(folder, "WhatsApp Chat - Halb.zip"), half);
        var next = await scenario.RunAsync();
        Assert.Equal((BackupState.Partial, 0, 4), (next.Status, next.Failures.Count, next.RetryList.Count));
        using (var restored = await RestoreAsync(scenario))
            Assert.NotEmpty(Lines(restored, "Halb", "2026-10"));
        File.Delete(Path.Combine(folder, "evil.zip"));
        Assert.Equal(2, (await scenario.RunAsync()).RetryList.Count);
    }

    [Fact]
    public async Task Webhooks_are_taken_from_the_spool_with_their_media_once_however_often_they_came()
    {
        await using var scenario = await StartAsync();
        var bodies = scenario.Tenant.Chats.Webhooks(s_start, 90);
        await SpoolAsync(scenario, bodies.Concat(bodies.Take(40)));
        var run = await scenario.RunAsync();
        Assert.Equal((BackupState.Succeeded, true), (run.Status, run.Verified));
        var expected = bodies
            .SelectMany(body => WebhookParser.Parse(Encoding.UTF8.GetBytes(body), default).Items)
            .Select(item => item.Line.Key)
            .Order(StringComparer.Ordinal)
            .ToArray();
        using (var restored = await RestoreAsync(scenario))
        {
            var lines = AllLines(restored);
            Assert.Equal(expected, lines.Select(line => line.Key).Order(StringComparer.Ordinal));
            Assert.All(lines.Where(line => line.Media is not null), line => Assert.Equal(MediaState.Stored, line.Media!.State));
            Assert.Contains(lines, line => line is { Edited: true, Text: "Gern, wir melden uns morgen." });
            Assert.Contains(
                "FN:مريم",
                await File.ReadAllTextAsync(Directory.GetFiles(restored.Path, "contacts.vcf", SearchOption.AllDirectories).Single()),
                StringComparison.Ordinal
            );
        }

        // The same spool again, followed by new ones.
        Assert.Equal(0, (await scenario.RunAsync()).ItemsDownloaded);
        await SpoolAsync(scenario, bodies.TakeLast(5).Concat(scenario.Tenant.Chats.Webhooks(s_start.AddDays(60), 20)));
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync()).Status);
        using (var restored = await RestoreAsync(scenario))
            Assert.Equal(expected.Length + 20, AllLines(restored).Length);
        scenario.Restic.Run("check", "--read-data");
    }

    [Fact]
    public async Task A_spool_file_goes_only_when_a_snapshot_holds_it_and_nobody_can_be_writing_to_it()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var scenario = await StartAsync(time: time);
        await SpoolAsync(scenario, scenario.Tenant.Chats.Webhooks(s_start, 5));
        var file = Assert.Single(Directory.GetFiles(scenario.Folder["spool"]));
        await scenario.RunAsync();
        await scenario.RunAsync();
        Assert.True(File.Exists(file));
        File.SetLastWriteTimeUtc(file, time.GetUtcNow().UtcDateTime.AddHours(-25));
        await scenario.RunAsync();
        Assert.False(File.Exists(file));
        using var restored = await RestoreAsync(scenario);
        Assert.NotEmpty(AllLines(restored));
    }

    [Fact]
    public async Task Media_that_Meta_has_no_longer_are_written_down_and_those_that_fail_come_later()
    {
        await using var scenario = await StartAsync();
        var chats = scenario.Tenant.Chats;
        await SpoolAsync(scenario, [chats.Picture("49171", "wamid.a", s_start), chats.Picture("49171", "wamid.b", s_start.AddMinutes(1))]);
        scenario.Tenant.Change((model, _) => model.Media.Values.First().Arrived = DateTimeOffset.UtcNow.AddDays(-8));
        scenario.Secrets["meta"] = "expired";
        var run = await scenario.RunAsync();
        Assert.Equal(BackupState.Partial, run.Status);
        Assert.All(run.Failures, failure => Assert.Contains(failure.Code, new[] { "AccessDenied", "Throttled" }));
        scenario.Secrets["meta"] = "demo-meta-token";
        run = await scenario.RunAsync();
        Assert.Equal(BackupState.Succeeded, run.Status);
        Assert.Contains(run.Notes, note => note.Contains("Meta", StringComparison.Ordinal));
        using var restored = await RestoreAsync(scenario);
        Assert.Equal(
            [MediaState.Gone, MediaState.Stored],
            AllLines(restored).OrderBy(line => line.Id, StringComparer.Ordinal).Select(line => line.Media!.State)
        );
        Assert.Empty((await scenario.RunAsync()).RetryList);
    }

    [Theory]
    [InlineData(DeletedMessagesPolicy.Keep)]
    [InlineData(DeletedMessagesPolicy.Redact)]
    public async Task A_message_that_its_author_deletes_is_kept_or_taken_out_as_the_policy_says(DeletedMessagesPolicy policy)
    {
        await using var scenario = await StartAsync(policy, DeletedItemsPolicy.KeepUntilRetention);
        var chats = scenario.Tenant.Chats;
        await SpoolAsync(
            scenario,
            [chats.Sent("49171", "wamid.text", s_start, "geheimes Angebot"), chats.Picture("49171", "wamid.picture", s_start.AddMinutes(1))]
        );
        await scenario.RunAsync();

        // The removals come in another month, and one before its message is seen again.
        await SpoolAsync(
            scenario,
            [
                chats.Revoke("49171", "wamid.text", s_start.AddDays(1)),
                chats.Revoke("49171", "wamid.picture", s_start.AddDays(1)),
                chats.Sent("49171", "wamid.text", s_start, "geheimes Angebot"),
            ]
        );
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync()).Status);
        using var restored = await RestoreAsync(scenario);
        var everything = string.Concat(
            Directory.GetFiles(restored.Path, "*", SearchOption.AllDirectories).Where(file => file.EndsWith('l')).Select(File.ReadAllText)
        );
        var text = AllLines(restored).Single(line => line.Id == "wamid.text");
        Assert.True(text.Deleted);
        Assert.Equal(policy == DeletedMessagesPolicy.Redact, text.Redacted);
        Assert.Equal(policy == DeletedMessagesPolicy.Keep, everything.Contains("geheimes Angebot", StringComparison.Ordinal));
        Assert.Equal(
            policy == DeletedMessagesPolicy.Keep ? 1 : 0,
            Directory.GetFiles(restored.Path, "*.png", SearchOption.AllDirectories).Length
        );
        Assert.Equal(2, AllLines(restored).Count(line => line.Record == ChatRecord.Revoke));
    }

    [Fact]
    public async Task Raw_bodies_of_another_receiver_are_accepted_and_forged_records_are_not()
    {
        await using var scenario = await StartAsync();
        var chats = scenario.Tenant.Chats;
        var spool = Directory.CreateDirectory(scenario.Folder["spool"]).FullName;
        await File.WriteAllTextAsync(Path.Combine(spool, "0001.json"), chats.Sent("49171", "wamid.raw", s_start, "roh"));
        await File.WriteAllTextAsync(Path.Combine(spool, "0002.json"), "no webhook");
        await File.WriteAllTextAsync(
            Path.Combine(spool, "0003.jsonl"),
            "{\"received\":\"2026-10-05T08:00:00Z\",\"signature\":\"sha256=00\",\"body\":"
                + System.Text.Json.JsonSerializer.Serialize(chats.Sent("49171", "wamid.forged", s_start, "falsch"))
                + "}\n"
                + "{\"received\":\"2026-10-05T08:00:00Z\",\"body\":"
                + System.Text.Json.JsonSerializer.Serialize(chats.Sent("49171", "wamid.unsigned", s_start, "ohne"))
                + "}\n{\"torn"
        );
        var run = await scenario.RunAsync();
        Assert.Equal(
            ["Forged 0003.jsonl", "NotAWebhook 0002.json"],
            run.Failures.Select(failure => $"{failure.Code} {failure.Name}").Order(StringComparer.Ordinal)
        );
        using var restored = await RestoreAsync(scenario);
        Assert.Equal(["wamid.raw", "wamid.unsigned"], AllLines(restored).Select(line => line.Id).Order(StringComparer.Ordinal));
        Assert.Empty((await scenario.RunAsync()).Failures);
    }

    [Fact]
    public async Task A_place_that_is_not_there_is_that_places_failure()
    {
        await using var scenario = await StartAsync();
        await SpoolAsync(scenario, scenario.Tenant.Chats.Webhooks(s_start, 3));
        Directory.Delete(scenario.Folder["exports"], recursive: true);
        var run = await scenario.RunAsync();
        Assert.Equal((BackupState.Partial, "Unreachable"), (run.Status, Assert.Single(run.Failures).Code));
        using var restored = await RestoreAsync(scenario);
        Assert.NotEmpty(AllLines(restored));
    }

    [Fact]
    public async Task Exports_in_a_OneDrive_are_read_through_Graph()
    {
        await using var scenario = await StartAsync(oneDrive: true);
        scenario.Tenant.Chats.WriteExports(scenario.Folder["made"]);
        scenario.Tenant.Change(
            (model, generator) =>
            {
                var drive = model.Users[0].Drive!;
                var folder = generator.Drives.AddFolder(drive, drive.Root, "WhatsApp");
                foreach (var file in Directory.GetFiles(scenario.Folder["made"]))
                    drive.Add(
                        new KlarKonform.Backup.DemoTenant.Model.DemoDriveItem
                        {
                            Id = Guid.NewGuid().ToString("N"),
                            Name = Path.GetFileName(file),
                            ParentId = folder.Id,
                            Content = File.ReadAllBytes(file),
                            Size = new FileInfo(file).Length,
                            Modified = s_start,
                        }
                    );
            }
        );
        var run = await scenario.RunAsync();
        Assert.Equal((BackupState.Succeeded, 0), (run.Status, run.Failures.Count));
        using var restored = await RestoreAsync(scenario);
        Assert.Contains(Lines(restored, "Projekt Alpha", "2026-10"), line => line.Media is { State: MediaState.Stored });
    }

    [Fact]
    public async Task Chats_are_found_and_listed_and_restored_as_a_table()
    {
        await using var scenario = await StartAsync();
        scenario.Tenant.Chats.WriteExports(scenario.Folder["exports"]);
        await SpoolAsync(scenario, scenario.Tenant.Chats.Webhooks(s_start, 30));
        await scenario.RunAsync();
        var found = await FindAsync(scenario, new ItemQuery { Subject = "Projekt Alpha", Sources = ["WhatsApp"] });
        Assert.Contains(found, item => item is { Type: "Chat", Source: "WhatsApp", Resource: "+49301234567" });
        Assert.NotEmpty(await FindAsync(scenario, new ItemQuery { From = "491711111111" }));
        Assert.NotEmpty(
            await FindAsync(
                scenario,
                new ItemQuery { Resource = "+4930*", After = new DateTimeOffset(2026, 10, 1, 0, 0, 0, TimeSpan.Zero) }
            )
        );
        Assert.Empty(await FindAsync(scenario, new ItemQuery { Subject = "Projekt Beta" }));
        using var restored = new TemporaryFolder();
        await foreach (
            var item in scenario.Engine.RestoreAsync(
                "Test",
                new RestoreRequest
                {
                    Paths = ["/WhatsApp"],
                    Destination = restored.Path,
                    Format = RestoreFormat.Combined,
                },
                scenario,
                scenario,
                default
            )
        )
            Assert.Equal("Restored", item.Status);
        var csv = await File.ReadAllTextAsync(Directory.GetFiles(restored.Path, "Projekt Alpha.csv", SearchOption.AllDirectories).Single());
        Assert.Contains("Björn Muster", csv, StringComparison.Ordinal);
        Assert.Contains("[<script>alert('x')</script>]".Trim('[', ']'), csv, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(restored.Path, "*.jsonl", SearchOption.AllDirectories));
        Assert.NotEmpty(Directory.GetFiles(restored.Path, "*.png", SearchOption.AllDirectories));
    }
}
