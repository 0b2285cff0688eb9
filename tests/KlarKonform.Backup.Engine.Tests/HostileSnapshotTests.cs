using System.Text;
using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Engine.Tests;

/// <summary>One damaged or odd item of a snapshot affects only itself, whatever is done with the snapshot.</summary>
public sealed class HostileSnapshotTests
{
    private static readonly string[] s_metadata =
    [
        "",
        "{",
        "null",
        "[]",
        "7",
        "true",
        "\"text\"",
        "{}",
        "{\"type\":null,\"id\":7,\"graph\":[]}",
        "{\"type\":\"message\",\"id\":\"a\",\"graph\":null}",
        "{\"type\":\"driveItem\",\"id\":{},\"graph\":\"x\"}",
        "{\"type\":\"message\",\"id\":\"\\ud83d\",\"graph\":{\"subject\":\"\\ud83d\","
            + "\"from\":{\"emailAddress\":{\"name\":\"\\udc00x\",\"address\":7}},\"receivedDateTime\":\"0001-01-01T00:00:00Z\"}}",
        "{\"type\":\"event\",\"id\":\"e\",\"graph\":{\"subject\":{},\"start\":{\"dateTime\":\"9999-12-31T23:59:59.9999999\","
            + "\"timeZone\":\"Mars\"},\"organizer\":[]}}",
        "{\"type\":\"contact\",\"id\":\"c\",\"graph\":{\"displayName\":\"\\\\ud83d\\ud83d\\ude00\",\"emailAddresses\":[null,7,"
            + "\"x\",{\"address\":null}]}}",
        "{\"type\":\"\\ud800\",\"id\":\"x\",\"graph\":{\"name\":\"..\\ud800\"},\"deleted\":\"1601-01-01T00:00:00+14:00\"}",
        "{\"type\":\"chat\",\"id\":\"x\",\"graph\":{\"participants\":[1,null,{}],\"chat\":[]}}",
        "{\"type\":\"driveItem\",\"id\":\"d\",\"graph\":{\"name\":\"\",\"size\":\"x\","
            + "\"fileSystemInfo\":{\"lastModifiedDateTime\":\"9999-99-99\"}},\"permissions\":[null,{\"roles\":[7]}]}",
        "{\"type\":\"message\",\"type\":\"event\",\"id\":\"\u0001\"}",
        new string('[', 200) + new string(']', 200),
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Whatever_the_metadata_of_items_and_folders_says_everything_is_restored_listed_and_found(int seed)
    {
        await using var scenario = await BackupScenario.StartAsync(
            new DemoTenant.Generation.TenantSizes
            {
                Users = 2,
                MailsPerUser = 6,
                FilesPerUser = 6,
                MaxFileBytes = 20_000,
                EventsPerUser = 6,
                ContactsPerUser = 5,
                Sites = 1,
            },
            sources: BackupScenario.Everything
        );
        await scenario.RunAsync();
        var random = new Random(seed);
        await using (var forge = await SnapshotForge.OpenAsync(scenario))
        {
            await forge.RewriteAsync(
                (_, node) =>
                {
                    if (random.Next(3) == 0)
                        return Task.FromResult<Node?>(node);
                    var text = s_metadata[random.Next(s_metadata.Length)];
                    byte[] bytes =
                        random.Next(10) == 0
                            ? [.. "{\"type\":\"message\",\"id\":\""u8, 0xFF, 0xC3, .. "\"}"u8]
                            : Encoding.UTF8.GetBytes(text);
                    return Task.FromResult<Node?>(node with { ExtendedAttributes = [SnapshotForge.Metadata(bytes)] });
                }
            );
        }

        var listed = await ListAsync(scenario, "/", recurse: true);
        var files = listed.Count(item => item.Type != "Folder");
        Assert.True(files > 20);
        foreach (var layout in (RestoreLayout[])[RestoreLayout.Original, RestoreLayout.Flat])
        {
            foreach (var format in (RestoreFormat[])[RestoreFormat.AsStored, RestoreFormat.Readable, RestoreFormat.Combined])
            {
                var restored = await RestoreAsync(
                    scenario,
                    new RestoreRequest
                    {
                        Paths = ["/"],
                        Destination = scenario.Folder[$"{layout}{format}"],
                        Layout = layout,
                        Format = format,
                    }
                );
                Assert.DoesNotContain(restored, item => item.Status == "Failed");
                Assert.Equal(restored.Count, restored.Select(item => item.Path).Distinct().Count());
                Assert.Empty(Directory.GetFiles(scenario.Folder[$"{layout}{format}"], "*.part", SearchOption.AllDirectories));
                if (format == RestoreFormat.AsStored)
                    Assert.Equal(files, Directory.GetFiles(scenario.Folder[$"{layout}{format}"], "*", SearchOption.AllDirectories).Length);
            }
        }

        Assert.Equal(files, (await RetentionTests.FindAsync(scenario, new ItemQuery { SnapshotId = "latest" })).Count);
        Assert.Equal(files, (await RetentionTests.FindAsync(scenario, new ItemQuery { SnapshotId = "latest" })).Count);
        await RetentionTests.FindAsync(
            scenario,
            new ItemQuery
            {
                Subject = "x",
                From = "y",
                To = "z",
                After = DateTimeOffset.UnixEpoch,
                Deleted = true,
            }
        );
        Assert.Empty(scenario.Warnings);
    }

    [Fact]
    public async Task A_damaged_folder_is_one_failed_row_and_one_warning_and_all_others_come()
    {
        await using var scenario = await BackupScenario.StartAsync();
        await using (var forge = await SnapshotForge.OpenAsync(scenario))
        {
            var whole = await forge.FileAsync("gut.txt", "gut");
            const string Node = "{\"name\":\"heil.txt\",\"type\":\"file\",\"content\":[]}";
            await forge.SaveAsync(
                await forge.FolderAsync(
                    "OneDrive",
                    await forge.FolderAsync(
                        "anna",
                        whole,
                        SnapshotForge.LostFolder("a-weg"),
                        await forge.RawFolderAsync("b-kein-json", "{\"nodes\":[{"),
                        await forge.RawFolderAsync("c-liste", "[]"),
                        await forge.RawFolderAsync(
                            "d-knoten",
                            $"{{\"nodes\":[7,null,{{}},{Node},{{\"name\":\"odd.txt\",\"type\":\"file\",\"mtime\":\"0000-99-01\"}}]}}"
                        ),
                        await forge.FolderAsync("e-gut", await forge.FileAsync("auch.txt", "auch gut"), SnapshotForge.LostFile("weg.txt"))
                    )
                )
            );
        }

        string[] faults =
        [
            "/OneDrive/anna/a-weg",
            "/OneDrive/anna/b-kein-json",
            "/OneDrive/anna/c-liste",
            "/OneDrive/anna/d-knoten/?",
            "/OneDrive/anna/d-knoten/odd.txt",
        ];
        var restored = await RestoreAsync(
            scenario,
            new RestoreRequest { Paths = ["/", "/OneDrive/anna/a-weg/unter/tief.txt"], Destination = scenario.Folder["ziel"] }
        );
        Assert.Equal(
            [.. faults, "/OneDrive/anna/e-gut/weg.txt"],
            restored.Where(item => item.Status == "Failed").Select(item => item.Path).Distinct().Order(StringComparer.Ordinal)
        );
        Assert.All(
            restored.Where(item => item.Status == "Failed"),
            item => Assert.True(item is { Code: "RepositoryDamaged", Detail.Length: > 5 }, item.ToString())
        );
        Assert.Equal(
            ["/OneDrive/anna/d-knoten/heil.txt", "/OneDrive/anna/e-gut/auch.txt", "/OneDrive/anna/gut.txt"],
            restored.Where(item => item.Status == "Restored").Select(item => item.Path).Order(StringComparer.Ordinal)
        );
        Assert.Equal(
            "auch gut",
            await File.ReadAllTextAsync(Path.Combine(scenario.Folder["ziel"], "OneDrive", "anna", "e-gut", "auch.txt"))
        );

        async Task WarnedAsync(Func<Task<List<BackupItem>>> look)
        {
            scenario.Warnings.Clear();
            Assert.Equal(
                ["auch.txt", "gut.txt", "heil.txt", "weg.txt"],
                (await look()).Where(item => item.Type != "Folder").Select(item => item.Name).Order(StringComparer.Ordinal)
            );
            Assert.All(
                faults,
                path => Assert.Contains(scenario.Warnings, warning => warning.Contains($"'{path}'", StringComparison.Ordinal))
            );
        }

        await WarnedAsync(() => ListAsync(scenario, "/", recurse: true));
        await WarnedAsync(() => RetentionTests.FindAsync(scenario, new ItemQuery()));
        await WarnedAsync(() => RetentionTests.FindAsync(scenario, new ItemQuery()));
        scenario.Warnings.Clear();
        Assert.Empty(await ListAsync(scenario, "/OneDrive/anna/a-weg", recurse: false));
        Assert.Single(scenario.Warnings);
    }

    [Fact]
    public async Task Kinds_that_nobody_knows_and_times_that_no_disk_holds_end_nothing()
    {
        await using var scenario = await BackupScenario.StartAsync();
        DateTimeOffset[] times =
        [
            DateTimeOffset.MinValue,
            new(1601, 1, 1, 0, 0, 0, TimeSpan.Zero),
            DateTimeOffset.UnixEpoch,
            new(4501, 1, 1, 0, 0, 0, TimeSpan.Zero),
            DateTimeOffset.MaxValue,
        ];
        await using (var forge = await SnapshotForge.OpenAsync(scenario))
        {
            var nodes = new List<Node>();
            for (var i = 0; i < times.Length; i++)
                nodes.Add(await forge.FileAsync($"zeit{i}.txt", Encoding.UTF8.GetBytes($"{i}"), time: times[i]));
            nodes.Add(
                new Node
                {
                    Name = "link",
                    Type = "symlink",
                    LinkTarget = "/etc/passwd",
                }
            );
            nodes.Add(
                new Node
                {
                    Name = "neu",
                    Type = "hologram",
                    Content = [],
                }
            );
            nodes.Add(await forge.FileAsync(new string('x', 400) + ".txt", "lang"));
            var mail = new List<Node>();
            for (var i = 0; i < times.Length; i++)
                mail.Add(await forge.FileAsync($"mail{i}.eml", Encoding.UTF8.GetBytes($"Subject: {i}\r\n\r\nText"), time: times[i]));
            await forge.SaveAsync(
                await forge.FolderAsync("OneDrive", await forge.FolderAsync("anna", nodes)),
                await forge.FolderAsync(
                    "Exchange",
                    await forge.FolderAsync("anna", await forge.FolderAsync("Mail", await forge.FolderAsync("Eingang", mail)))
                )
            );
        }

        foreach (var format in (RestoreFormat[])[RestoreFormat.AsStored, RestoreFormat.Combined])
        {
            var restored = await RestoreAsync(
                scenario,
                new RestoreRequest
                {
                    Paths = ["/"],
                    Destination = scenario.Folder[$"{format}"],
                    Format = format,
                }
            );
            Assert.Equal(
                ["link", "neu"],
                restored.Where(item => item.Status == "Skipped").Select(item => Path.GetFileName(item.Path)).Order(StringComparer.Ordinal)
            );
            Assert.Equal((times.Length * 2) + 1, restored.Count(item => item.Status == "Restored"));
        }

        Assert.Equal(
            times.Length,
            File.ReadLines(Path.Combine(scenario.Folder["Combined"], "Exchange", "anna", "Mail", "Eingang.mbox"))
                .Count(line => line.StartsWith("From ", StringComparison.Ordinal))
        );
        Assert.Equal(10 + 3, (await ListAsync(scenario, "/", recurse: true)).Count(item => item.Type != "Folder"));
        Assert.Equal(10 + 3, (await RetentionTests.FindAsync(scenario, new ItemQuery())).Count);
    }

    [Fact]
    public async Task What_does_not_fit_into_a_combined_file_lies_beside_it_as_it_was_stored()
    {
        await using var scenario = await BackupScenario.StartAsync();
        const string Event = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
        await using (var forge = await SnapshotForge.OpenAsync(scenario))
        {
            var calendar = await forge.FolderAsync(
                "Kalender",
                await forge.FileAsync("a [1].json", "{\"event\":{}}", "{\"type\":\"event\",\"id\":\"1\"}"),
                await forge.FileAsync("a [1].ics", Event),
                await forge.FileAsync("b [2].json", "{\"event\":{}}", "{\"type\":\"event\",\"id\":\"2\"}"),
                await forge.FileAsync("b [2].ics", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID"),
                await forge.FileAsync("c [3].json", "{\"event\":{\"subject\":\"nur JSON\"}}", "{\"type\":\"event\",\"id\":\"3\"}"),
                SnapshotForge.LostFile("d [4].ics")
            );
            var contacts = await forge.FolderAsync(
                "Kontakte",
                await forge.FileAsync("A [1].vcf", "BEGIN:VCARD\r\nFN:A\r\nEND:VCARD\r\n"),
                await forge.FileAsync("B [2].vcf", "<html>"),
                await forge.FileAsync("C [3].json", "{}", "{\"type\":\"contact\"}")
            );
            var users = await forge.FolderAsync(
                "Users",
                await forge.FileAsync("A [1].json", "{\"displayName\":\"Anna\"}", "{\"type\":\"user\"}"),
                await forge.FileAsync("B [2].json", "null", "{\"type\":\"user\"}"),
                await forge.FileAsync("C [3].json", "{\"displayName\":\"C\\ud83d\"}", "{\"type\":\"user\"}")
            );
            var chat = await forge.FolderAsync("Chat", await forge.FileAsync("2026-01.jsonl", "kein JSON\n", "{\"type\":\"chatMonth\"}"));
            await forge.SaveAsync(
                await forge.FolderAsync(
                    "Exchange",
                    await forge.FolderAsync(
                        "anna",
                        await forge.FolderAsync("Calendar", calendar),
                        await forge.FolderAsync("Contacts", contacts)
                    )
                ),
                await forge.FolderAsync("Directory", users),
                await forge.FolderAsync("WhatsApp", await forge.FolderAsync("49", chat))
            );
        }

        var restored = await RestoreAsync(
            scenario,
            new RestoreRequest
            {
                Paths = ["/"],
                Destination = scenario.Folder["ziel"],
                Format = RestoreFormat.Combined,
            }
        );
        Assert.Equal("/Exchange/anna/Calendar/Kalender/d [4].ics", Assert.Single(restored, item => item.Status == "Failed").Path);
        string At(params string[] parts) => Path.Combine([scenario.Folder["ziel"], .. parts]);
        Assert.Equal(
            "BEGIN:VCALENDAR,BEGIN:VEVENT,UID:1,END:VEVENT,END:VCALENDAR",
            string.Join(
                ',',
                File.ReadLines(At("Exchange", "anna", "Calendar", "Kalender.ics"))
                    .Where(line =>
                        !line.StartsWith("VERSION", StringComparison.Ordinal) && !line.StartsWith("PRODID", StringComparison.Ordinal)
                    )
            )
        );
        Assert.Equal(
            "{\"event\":{\"subject\":\"nur JSON\"}}",
            await File.ReadAllTextAsync(At("Exchange", "anna", "Calendar", "Kalender", "c [3].json"))
        );
        Assert.Equal("<html>", await File.ReadAllTextAsync(At("Exchange", "anna", "Contacts", "Kontakte", "B [2].vcf")));
        Assert.Equal("null", await File.ReadAllTextAsync(At("Directory", "Users", "B [2].json")));
        Assert.Equal(3, (await File.ReadAllLinesAsync(At("Directory", "AddressBook.csv"))).Length);
        Assert.Equal("kein JSON\n", await File.ReadAllTextAsync(At("WhatsApp", "49", "Chat", "2026-01.jsonl")));
        string[] told = ["b [2].ics", "B [2].json", "B [2].vcf", "C [3].json", "c [3].json", "2026-01.jsonl"];
        Assert.All(
            told,
            name =>
                Assert.Contains(
                    restored,
                    item => item.Path.EndsWith("/" + name, StringComparison.Ordinal) && item is { Status: "Restored", Detail: not null }
                )
        );
        Assert.Empty(Directory.GetFiles(scenario.Folder["ziel"], "*.part", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_pack_that_is_flipped_cut_or_gone_costs_the_files_in_it()
    {
        await using var scenario = await BackupScenario.StartAsync();
        var (names, kept) = (new List<string>(), new List<Node>());
        for (var i = 0; i < 4; i++)
        {
            await using var forge = await SnapshotForge.OpenAsync(scenario);
            var before = Packs(scenario);
            var node = await forge.FileAsync($"datei{i}.bin", System.Security.Cryptography.RandomNumberGenerator.GetBytes(5000));
            await forge.Writer.FlushAsync(default);
            names.Add(Assert.Single(Packs(scenario).Except(before)));
            kept.Add(node);
        }

        await using (var forge = await SnapshotForge.OpenAsync(scenario))
            await forge.SaveAsync(await forge.FolderAsync("OneDrive", await forge.FolderAsync("anna", kept)));
        var bytes = await File.ReadAllBytesAsync(names[0]);
        bytes[100] ^= 1;
        File.SetAttributes(names[0], FileAttributes.Normal);
        await File.WriteAllBytesAsync(names[0], bytes);
        File.SetAttributes(names[1], FileAttributes.Normal);
        await File.WriteAllBytesAsync(names[1], (await File.ReadAllBytesAsync(names[1]))[..50]);
        File.Delete(names[2]);
        Directory.CreateDirectory(names[2]); // A place that cannot be read.
        var restored = await RestoreAsync(scenario, new RestoreRequest { Paths = ["/"], Destination = scenario.Folder["ziel"] });
        Assert.Equal(
            ["Failed RepositoryDamaged", "Failed RepositoryDamaged", "Failed RepositoryDamaged", "Restored "],
            restored.Select(item => $"{item.Status} {item.Code}")
        );
        Assert.Equal(4, (await RetentionTests.FindAsync(scenario, new ItemQuery())).Count);
    }

    private static List<string> Packs(BackupScenario scenario) =>
        Directory.Exists(Path.Combine(scenario.Folder["repository"], "data"))
            ? [.. Directory.GetFiles(Path.Combine(scenario.Folder["repository"], "data"), "*", SearchOption.AllDirectories)]
            : [];

    private static async Task<List<RestoredItem>> RestoreAsync(BackupScenario scenario, RestoreRequest request)
    {
        var items = new List<RestoredItem>();
        await foreach (var item in scenario.Engine.RestoreAsync("Test", request, scenario, scenario, default))
            items.Add(item);
        return items;
    }

    private static async Task<List<BackupItem>> ListAsync(BackupScenario scenario, string path, bool recurse)
    {
        var items = new List<BackupItem>();
        await foreach (var item in scenario.Engine.GetItemsAsync("Test", "latest", path, recurse, scenario, scenario, default))
            items.Add(item);
        return items;
    }
}
