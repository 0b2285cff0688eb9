using System.Globalization;
using System.Text;
using CsCheck;
using KlarKonform.Backup.Repository;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Snapshots;
using KlarKonform.Backup.Repository.Trees;
using KlarKonform.Backup.Repository.Writing;
using KlarKonform.Backup.Storage.Folder;
using MimeKit;

namespace KlarKonform.Backup.Engine.Tests;

public sealed class FolderRestoreTests
{
    // Names that have misled programs: parents, roots, drives, streams, devices, endings that Windows drops, case, normalisation, control
    // characters.
    private static readonly string[] s_evil =
    [
        "..",
        ".",
        "...",
        "../aussen",
        "..\\aussen",
        "/etc/passwd",
        "\\\\server\\share",
        "C:",
        "C:\\Windows",
        "datei.txt:strom",
        "CON",
        "con.txt",
        "nul",
        "COM1.log",
        "LPT9",
        "COM¹",
        "AUX.",
        "punkt.",
        "leer ",
        " ",
        "a/../../b",
        "a\\..\\..\\b",
        "Gr\u00f6\u00dfe",
        "Gro\u0308\u00dfe",
        "README",
        "readme",
        "Readme",
        "\0",
        "a\0b",
        "\u202etxt.exe",
        "-rf",
        "~",
        "%2e%2e%2f",
        "$(x)",
        "`x`",
        "a\nb",
        "x.part",
        "\ud83d\ude00",
        "CONIN$",
        "aux.h",
        "\u0130stanbul",
        "..\u00a0",
        "\u200b",
    ];

    private static readonly Gen<string> s_name = Gen.OneOf(
        Gen.Int[0, s_evil.Length - 1].Select(i => s_evil[i]),
        Gen.String[1, 12],
        Gen.Select(Gen.Int[0, s_evil.Length - 1], Gen.Int[0, s_evil.Length - 1], (a, b) => s_evil[a] + s_evil[b])
    );

    private static readonly System.Buffers.SearchValues<char> s_forbidden = System.Buffers.SearchValues.Create("<>:\"/\\|?*\0");

    private sealed record Evil(string Name, Evil[]? Children, DateTimeOffset? Time = null);

    private static readonly Gen<Evil[]> s_files = s_name.Select(name => new Evil(name, null)).Array[0, 6];
    private static readonly Gen<Evil[]> s_folders = Gen.Select(s_name, s_files, (name, files) => new Evil(name, files)).Array[0, 4];
    private static readonly Gen<Evil[]> s_tree = Gen.Select(
        s_files,
        s_folders,
        s_name,
        s_folders,
        (files, folders, name, deeper) => files.Concat(folders).Append(new Evil(name, deeper)).ToArray()
    );

    [Fact]
    public async Task No_name_in_a_snapshot_leads_out_of_the_destination_and_every_file_is_there()
    {
        await using var scenario = await BackupScenario.StartAsync();
        var random = new Random(7);
        for (var round = 0; round < 40; round++)
        {
            var tree = s_tree.Single(_ => true, new PCG((uint)random.Next(), (ulong)random.NextInt64()).ToString());
            var files = await WriteAsync(scenario, tree);
            var outside = scenario.Folder[$"fuzz{round}"];
            var destination = Path.Combine(outside, "ziel");
            Directory.CreateDirectory(destination);
            await File.WriteAllTextAsync(Path.Combine(outside, "wache.txt"), "unberührt");
            foreach (var layout in (RestoreLayout[])[RestoreLayout.Original, RestoreLayout.Flat])
            {
                var target = Path.Combine(destination, layout.ToString());
                var restored =
                    files == 0
                        ? []
                        : await RestoreAsync(
                            scenario,
                            new RestoreRequest
                            {
                                Paths = ["/"],
                                Destination = target,
                                Layout = layout,
                            }
                        );
                Assert.True(
                    restored.All(item => item.Status == "Restored"),
                    string.Join("\n", restored.Where(item => item.Status != "Restored"))
                );
                Assert.Equal(files, restored.Count);
                Assert.Equal(files, restored.Select(item => item.File.Normalize().ToUpperInvariant()).Distinct().Count());
                Assert.All(
                    restored,
                    item => Assert.StartsWith(target + Path.DirectorySeparatorChar, Path.GetFullPath(item.File), StringComparison.Ordinal)
                );
                Assert.All(restored, item => Assert.All(Path.GetRelativePath(target, item.File).Split('/'), AssertPortable));
                Assert.Equal(files, files == 0 ? 0 : Directory.GetFiles(target, "*", SearchOption.AllDirectories).Length);
            }

            Assert.Equal(["wache.txt", "ziel"], Directory.EnumerateFileSystemEntries(outside).Select(Path.GetFileName).Order());
        }
    }

    [Fact]
    public async Task A_link_that_lies_in_the_destination_is_not_followed()
    {
        await using var scenario = await BackupScenario.StartAsync();
        await WriteAsync(scenario, [new Evil("ordner", [new Evil("datei.txt", null)])]);
        var (destination, elsewhere) = (scenario.Folder["ziel"], scenario.Folder["anderswo"]);
        Directory.CreateDirectory(destination);
        Directory.CreateDirectory(elsewhere);
        Directory.CreateSymbolicLink(Path.Combine(destination, "ordner"), elsewhere);
        var item = Assert.Single(
            await RestoreAsync(
                scenario,
                new RestoreRequest
                {
                    Paths = ["/"],
                    Destination = destination,
                    Conflict = RestoreConflict.Replace,
                }
            )
        );
        Assert.Equal(("Failed", "LinkInTheWay"), (item.Status, item.Code));
        Assert.Empty(Directory.EnumerateFileSystemEntries(elsewhere));
    }

    [Fact]
    public async Task What_is_there_already_is_left_alone_replaced_or_given_a_neighbour_and_a_cut_restore_goes_on()
    {
        await using var scenario = await BackupScenario.StartAsync();
        await WriteAsync(scenario, [new Evil("a.txt", null), new Evil("b.txt", null)]);
        var destination = scenario.Folder["ziel"];
        RestoreRequest Request(RestoreConflict conflict) =>
            new()
            {
                Paths = ["/"],
                Destination = destination,
                Conflict = conflict,
            };
        Directory.CreateDirectory(destination);
        await File.WriteAllTextAsync(Path.Combine(destination, "a.txt"), "meins");
        Assert.Equal(["Skipped", "Restored"], (await RestoreAsync(scenario, Request(RestoreConflict.Skip))).Select(item => item.Status));
        Assert.Equal("meins", await File.ReadAllTextAsync(Path.Combine(destination, "a.txt")));
        Assert.Equal(
            ["a (2).txt", "b (2).txt"],
            (await RestoreAsync(scenario, Request(RestoreConflict.Rename))).Select(item => Path.GetFileName(item.File))
        );
        Assert.All(await RestoreAsync(scenario, Request(RestoreConflict.Replace)), item => Assert.Equal("Restored", item.Status));
        Assert.StartsWith("Inhalt", await File.ReadAllTextAsync(Path.Combine(destination, "a.txt")), StringComparison.Ordinal);
        Assert.Equal(4, Directory.GetFiles(destination).Length);
    }

    [Fact]
    public async Task Combined_files_hold_every_mail_event_and_contact_and_the_address_book_is_a_table()
    {
        await using var scenario = await BackupScenario.StartAsync(sources: BackupScenario.Everything);
        await scenario.RunAsync();
        var destination = scenario.Folder["ziel"];
        var request = new RestoreRequest
        {
            Paths = ["/Exchange", "/Directory"],
            Destination = destination,
            Format = RestoreFormat.Combined,
            ReportPath = scenario.Folder["bericht.csv"],
        };
        var restored = await RestoreAsync(scenario, request);
        Assert.DoesNotContain(restored, item => item.Status == "Failed");
        var (mails, events, contacts, users) = scenario.Tenant.Change(
            (model, _) =>
                (
                    model.Users.Sum(user => user.Mailbox?.Messages.Count ?? 0),
                    model.Users.Sum(user => user.Mailbox?.Events.Count ?? 0),
                    model.Users.Sum(user => user.Mailbox?.Contacts.Count ?? 0),
                    model.Users.Count
                )
        );
        var parsed = 0;
        foreach (var mbox in Directory.GetFiles(destination, "*.mbox", SearchOption.AllDirectories))
        {
            await using var stream = File.OpenRead(mbox);
            var parser = new MimeParser(stream, MimeFormat.Mbox);
            while (!parser.IsEndOfStream)
            {
                Assert.NotNull((await parser.ParseMessageAsync()).MessageId);
                parsed++;
            }
        }

        Assert.Equal(mails, parsed);
        int Count(string pattern, string line) =>
            Directory
                .GetFiles(destination, pattern, SearchOption.AllDirectories)
                .Sum(file => File.ReadLines(file).Count(each => each == line));
        Assert.InRange(Count("*.ics", "BEGIN:VEVENT"), events, events * 2); // In the file, exceptions of a series are events of their own.
        Assert.Equal(Directory.GetFiles(destination, "*.ics", SearchOption.AllDirectories).Length, Count("*.ics", "BEGIN:VCALENDAR"));
        Assert.True(Count("*.vcf", "BEGIN:VCARD") >= contacts + users);
        var table = await File.ReadAllTextAsync(Path.Combine(destination, "Directory", "AddressBook.csv"));
        Assert.StartsWith("\uFEFFtype", "\uFEFF" + table.TrimStart('\uFEFF'), StringComparison.Ordinal);
        Assert.Contains("bjoern@demo.example", table, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(destination, "*.part", SearchOption.AllDirectories));
        Assert.Equal(
            restored.Count + 1,
            File.ReadLines(request.ReportPath!)
                .Count(line =>
                    line.StartsWith("Restored", StringComparison.Ordinal)
                    || line.StartsWith("Skipped", StringComparison.Ordinal)
                    || line.StartsWith("Status", StringComparison.Ordinal)
                )
        );

        // Started again, complete files are left alone.
        Assert.All(
            await RestoreAsync(
                scenario,
                request with
                {
                    Paths = ["/Exchange/*/Mail"],
                    Destination = scenario.Folder["ziel"] + "/Exchange/anna@demo.example",
                }
            ),
            item => Assert.NotEqual("Failed", item.Status)
        );
        Assert.All(
            await RestoreAsync(scenario, request),
            item =>
                Assert.True(
                    item.Status == "Skipped" || !Path.GetExtension(item.File).Equals(".mbox", StringComparison.Ordinal),
                    item.ToString()
                )
        );
    }

    [Fact]
    public async Task A_table_has_no_formulas_and_its_cells_are_those_of_the_culture()
    {
        var before = CultureInfo.CurrentCulture;
        try
        {
            var bar = (CultureInfo)CultureInfo.GetCultureInfo("de-DE").Clone();
            bar.TextInfo.ListSeparator = "|";
            CultureInfo.CurrentCulture = bar;
            await using var scenario = await BackupScenario.StartAsync(sources: new SourceSettings { Directory = new DirectorySettings() });
            scenario.Tenant.Change(
                (model, _) =>
                {
                    (model.Users[0].DisplayName, model.Users[0].Department, model.Users[0].Phone) = (
                        "\t=1+1",
                        "\uFF1D1+1",
                        "+49 30 1234567"
                    );
                    (model.Users[1].DisplayName, model.Users[1].Department) = ("\r@SUM(A1)", "=1");
                }
            );
            await scenario.RunAsync();
            await RestoreAsync(
                scenario,
                new RestoreRequest
                {
                    Paths = ["/Directory"],
                    Destination = scenario.Folder["ziel"],
                    Format = RestoreFormat.Combined,
                }
            );
            var table = await File.ReadAllTextAsync(Path.Combine(scenario.Folder["ziel"], "Directory", "AddressBook.csv"));
            foreach (var cell in (string[])["|\"'\t=1+1\"|", "|'\uFF1D1+1|", "|\"'\r@SUM(A1)\"|", "|'=1|", "|+49 30 1234567|"])
                Assert.Contains(cell, table, StringComparison.Ordinal);

            await WriteAsync(scenario, [new Evil("a|b.txt", null)]);
            await RestoreAsync(
                scenario,
                new RestoreRequest
                {
                    Paths = ["/"],
                    Destination = scenario.Folder["ziel 2"],
                    ReportPath = scenario.Folder["bericht.csv"],
                }
            );
            Assert.Contains(
                "Restored|\"/a|b.txt\"|",
                await File.ReadAllTextAsync(scenario.Folder["bericht.csv"]),
                StringComparison.Ordinal
            );
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public async Task A_time_that_no_file_system_holds_is_a_note_and_the_file_is_there()
    {
        await using var scenario = await BackupScenario.StartAsync();
        await WriteAsync(scenario, [new Evil("now.txt", null), new Evil("never.txt", null, DateTimeOffset.MinValue)]);
        var restored = await RestoreAsync(scenario, new RestoreRequest { Paths = ["/"], Destination = scenario.Folder["ziel"] });
        var odd = Assert.Single(restored, item => item.Detail is not null);
        Assert.Equal("Restored", odd.Status);
        Assert.Contains("0001-01-01", odd.Detail, StringComparison.Ordinal);
        Assert.True(File.GetLastWriteTimeUtc(odd.File).Year > 2000);
    }

    [Fact]
    public async Task Readable_leaves_out_the_json_and_keeps_what_other_programs_open()
    {
        await using var scenario = await BackupScenario.StartAsync(sources: BackupScenario.Everything);
        await scenario.RunAsync();
        await RestoreAsync(
            scenario,
            new RestoreRequest
            {
                Paths = ["/Exchange", "/Directory"],
                Destination = scenario.Folder["ziel"],
                Format = RestoreFormat.Readable,
            }
        );
        var kinds = Directory
            .GetFiles(scenario.Folder["ziel"], "*", SearchOption.AllDirectories)
            .Select(file => Path.GetExtension(file))
            .ToHashSet();
        Assert.Superset(new HashSet<string> { ".eml", ".ics", ".vcf", ".csv" }, kinds);
        Assert.DoesNotContain(".json", kinds);
    }

    [Fact]
    public async Task A_line_of_a_mail_that_looks_like_the_beginning_of_one_is_quoted()
    {
        await using var scenario = await BackupScenario.StartAsync(sources: new SourceSettings { Mail = new MailSelection() });
        scenario.Tenant.Change(
            (model, _) =>
            {
                var mailbox = model.Users[0].Mailbox!;
                mailbox.Add(
                    new DemoTenant.Model.DemoMessage
                    {
                        Id = "AAkALgFROM00001",
                        FolderId = mailbox.Folder("inbox").Id,
                        Subject = "Von",
                        From = "a@b.example",
                        To = "c@d.example",
                        Received = DateTimeOffset.UnixEpoch,
                        Seed = 1,
                        TextLength = 1,
                        RawMime = Encoding.ASCII.GetBytes(
                            "Message-ID: <from@b.example>\r\nSubject: Von\r\n\r\nFrom hier an\r\n>From dort\r\nEnde"
                        ),
                    }
                );
            }
        );
        await scenario.RunAsync();
        await RestoreAsync(
            scenario,
            new RestoreRequest
            {
                Paths = ["/Exchange"],
                Destination = scenario.Folder["ziel"],
                Format = RestoreFormat.Combined,
            }
        );
        var text = await File.ReadAllTextAsync(
            Directory
                .GetFiles(scenario.Folder["ziel"], "Posteingang.mbox", SearchOption.AllDirectories)
                .First(file => File.ReadAllText(file).Contains("<from@b.example>", StringComparison.Ordinal))
        );
        Assert.Contains("\n>From hier an\n>>From dort\nEnde\n", text, StringComparison.Ordinal);
    }

    private static void AssertPortable(string part)
    {
        Assert.False(part is "" or "." or "..");
        Assert.True(
            part.AsSpan().IndexOfAny(s_forbidden) < 0 && !part.Any(char.IsControl) && !part.EndsWith('.') && !part.EndsWith(' '),
            part
        );
        Assert.DoesNotMatch(@"^(?i:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$) *(\.|$)", part);
    }

    private static async Task<List<RestoredItem>> RestoreAsync(BackupScenario scenario, RestoreRequest request)
    {
        var items = new List<RestoredItem>();
        await foreach (var item in scenario.Engine.RestoreAsync("Test", request, scenario, scenario, default))
            items.Add(item);
        return items;
    }

    // A snapshot of the configuration that another program, or anyone with the password, could have written.
    private static async Task<int> WriteAsync(BackupScenario scenario, Evil[] entries)
    {
        await using var store = new FolderObjectStore(scenario.Folder["repository"]);
        await store.PrepareAsync(create: true, default);
        using var repository = await ResticRepository.ExistsAsync(store, default)
            ? await ResticRepository.OpenAsync(store, BackupScenario.Password, default)
            : await ResticRepository.InitializeAsync(store, BackupScenario.Password, "user", "host", TimeProvider.System, default);
        await repository.Index.LoadAsync(default);
        await using var writer = new RepositoryWriter(repository);
        var files = 0;
        async Task<BlobId> SaveAsync(Evil[] level)
        {
            var nodes = new SortedDictionary<string, Node>(TreeJson.NameOrder);
            foreach (var entry in level.DistinctBy(entry => entry.Name))
            {
                if (!IsUtf16(entry.Name))
                    continue;
                if (entry.Children is { } children)
                {
                    nodes[entry.Name] = Node.NewDirectory(entry.Name, await SaveAsync(children), DateTimeOffset.UnixEpoch);
                    continue;
                }

                using var content = new MemoryStream(Encoding.UTF8.GetBytes($"Inhalt {files}"));
                var saved = await writer.SaveStreamAsync(content, default);
                nodes[entry.Name] = Node.NewFile(entry.Name, (ulong)saved.Size, saved.Blobs, entry.Time ?? DateTimeOffset.UnixEpoch);
                files++;
            }

            return await writer.SaveTreeAsync(nodes.Values, default);
        }

        var root = await SaveAsync(entries);
        await writer.FlushAsync(default);
        await repository.SaveSnapshotAsync(
            new Snapshot
            {
                Time = Repository.Json.NanoTime.From(DateTimeOffset.UtcNow).ToString(),
                Tree = root.ToString(),
                Paths = ["/Test"],
                Hostname = scenario.Tenant.Options.TenantId,
                Tags = [$"config:{scenario.Configuration().Id}", "status:succeeded"],
            },
            default
        );
        return files;
    }

    private static bool IsUtf16(string name) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(name)) == name;
}
