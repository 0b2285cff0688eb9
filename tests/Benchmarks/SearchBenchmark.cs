using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using KlarKonform.Backup.Engine;
using KlarKonform.Backup.Repository;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Json;
using KlarKonform.Backup.Repository.Snapshots;
using KlarKonform.Backup.Repository.Trees;
using KlarKonform.Backup.Repository.Writing;
using KlarKonform.Backup.Storage.Folder;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Benchmarks;

/// <summary>
/// A subject search over 200,000 mails in ten snapshots, cold and warm, against <c>restic find</c> by name over the same repository. Every
/// search is a process of its own.
/// </summary>
internal static class SearchBenchmark
{
    private const string Password = "benchmark";
    private const int Mailboxes = 100;
    private const int Months = 20;
    private const int MailsAMonth = 100;
    private const int Snapshots = 10;
    private const int Runs = 5;

    private static readonly Guid s_configuration = Guid.Parse("bbbbbbbb-0000-0000-0000-000000000001");
    private static readonly string[] s_words =
    [
        "Angebot",
        "Rechnung",
        "Lieferung",
        "Termin",
        "Vertrag",
        "Projekt",
        "Anfrage",
        "Bestellung",
        "Protokoll",
        "Urlaub",
    ];

    public static async Task<int> RunAsync()
    {
        using var folder = new TemporaryFolder();
        await FillAsync(folder["repository"]);
        await new BackupEngine(folder["home"]).CreateConfigurationAsync(
            new BackupConfiguration
            {
                Id = s_configuration,
                Name = "Search",
                Tenant = new TenantSettings
                {
                    Id = "tenant",
                    ClientId = "app",
                    Auth = new AuthenticationSettings { Secret = "vault/graph" },
                },
                Sources = new SourceSettings { Mail = new MailSelection() },
                Target = new TargetSettings { Type = TargetType.Folder, Path = folder["repository"] },
                Repository = new RepositorySettings { Password = "vault/repository" },
            },
            default
        );
        var (warm, peer) = (new List<double>(), new List<double>());
        var cold = Search(folder);
        _ = Restic(folder);
        for (var run = 0; run < Runs; run++)
        {
            warm.Add(Search(folder).Seconds);
            peer.Add(Restic(folder));
        }

        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"subject search over {Mailboxes * Months * MailsAMonth} mails in {Snapshots} snapshots: cold "
                    + $"{cold.Seconds:0.00} s, warm {Median.Of(warm):0.00} s ({cold.Found} found); restic find by name "
                    + $"{Median.Of(peer):0.00} s; ratio {Median.Of(warm) / Median.Of(peer):0.00}"
            )
        );
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"single warm runs: {string.Join(", ", warm.Select(each => each.ToString("0.00", CultureInfo.InvariantCulture)))}; "
                    + $"index on the disk {SizeOfIndex(folder["home"]) / 1e6:0.0} MB"
            )
        );
        Console.WriteLine(
            System.Text.Json.JsonSerializer.Serialize(
                new
                {
                    warmSeconds = Math.Round(Median.Of(warm), 2),
                    coldSeconds = Math.Round(cold.Seconds, 2),
                    resticFindSeconds = Math.Round(Median.Of(peer), 2),
                    ratio = Math.Round(Median.Of(warm) / Median.Of(peer), 3),
                }
            )
        );
        return 0;
    }

    /// <summary>One search, in a process of its own.</summary>
    public static async Task ExecuteAsync(string home)
    {
        var found = 0;
        await foreach (
            var item in new BackupEngine(home).FindItemsAsync(
                "Search",
                new ItemQuery { Subject = "Angebot 77" },
                new Vault(),
                new Silence(),
                default
            )
        )
            found++;
        Console.WriteLine(found.ToString(CultureInfo.InvariantCulture));
    }

    private static (double Seconds, int Found) Search(TemporaryFolder folder)
    {
        var started = Stopwatch.GetTimestamp();
        using var process = Process.Start(
            new ProcessStartInfo(Environment.ProcessPath!, ["search-run", folder["home"]]) { RedirectStandardOutput = true }
        )!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (Stopwatch.GetElapsedTime(started).TotalSeconds, int.Parse(output.Trim(), CultureInfo.InvariantCulture));
    }

    private static double Restic(TemporaryFolder folder)
    {
        var start = new ProcessStartInfo(
            "restic",
            ["-r", folder["repository"], "--cache-dir", folder["restic-cache"], "find", "*Angebot 77*"]
        )
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["RESTIC_PASSWORD"] = Password;
        var started = Stopwatch.GetTimestamp();
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        _ = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? Stopwatch.GetElapsedTime(started).TotalSeconds : throw new InvalidOperationException(errors.Result);
    }

    // Trees as a backup writes them, without contents: a search never reads those. Each snapshot changes the last month of every mailbox.
    private static async Task FillAsync(string path)
    {
        await using var store = new FolderObjectStore(path);
        await store.PrepareAsync(create: true, default);
        using var repository = await ResticRepository.InitializeAsync(store, Password, "user", "host", TimeProvider.System, default);
        await repository.Index.LoadAsync(default);
        await using var writer = new RepositoryWriter(repository);
        var time = new DateTimeOffset(2026, 1, 1, 2, 0, 0, TimeSpan.Zero);
        var random = new Random(1);
        var months = new BlobId[Mailboxes, Months];
        for (var mailbox = 0; mailbox < Mailboxes; mailbox++)
        {
            for (var month = 0; month < Months; month++)
                months[mailbox, month] = await writer.SaveTreeAsync(Mails(random, mailbox, month, 0), default);
        }

        for (var snapshot = 0; snapshot < Snapshots; snapshot++)
        {
            var mailboxes = new SortedDictionary<string, Node>(TreeJson.NameOrder);
            for (var mailbox = 0; mailbox < Mailboxes; mailbox++)
            {
                if (snapshot > 0)
                    months[mailbox, Months - 1] = await writer.SaveTreeAsync(
                        Mails(new Random(mailbox), mailbox, Months - 1, snapshot),
                        default
                    );
                var inbox = await writer.SaveTreeAsync(
                    Enumerable
                        .Range(0, Months)
                        .Select(month => Node.NewDirectory($"{2024 + (month / 12)}-{(month % 12) + 1:00}", months[mailbox, month], time)),
                    default
                );
                var mail = await writer.SaveTreeAsync([Node.NewDirectory("Inbox", inbox, time)], default);
                mailboxes[$"user{mailbox}@contoso.example"] = Node.NewDirectory(
                    $"user{mailbox}@contoso.example",
                    await writer.SaveTreeAsync([Node.NewDirectory("Mail", mail, time)], default),
                    time
                );
            }

            var exchange = await writer.SaveTreeAsync(mailboxes.Values, default);
            var root = await writer.SaveTreeAsync([Node.NewDirectory("Exchange", exchange, time)], default);
            await writer.FlushAsync(default);
            await repository.SaveSnapshotAsync(
                new Snapshot
                {
                    Time = NanoTime.From(time.AddDays(snapshot)).ToString(),
                    Tree = root.ToString(),
                    Paths = ["/Search"],
                    Hostname = "tenant",
                    Tags = [$"config:{s_configuration}", "status:succeeded"],
                },
                default
            );
        }
    }

    private static SortedDictionary<string, Node>.ValueCollection Mails(Random random, int mailbox, int month, int snapshot)
    {
        var nodes = new SortedDictionary<string, Node>(TreeJson.NameOrder);
        for (var i = 0; i < MailsAMonth; i++)
        {
            var received = new DateTimeOffset(
                2024 + (month / 12),
                (month % 12) + 1,
                1 + (i % 28),
                i % 24,
                random.Next(60),
                random.Next(60),
                TimeSpan.Zero
            );
            var subject = $"{s_words[random.Next(s_words.Length)]} {random.Next(100)} für Kunde {random.Next(1000)}";
            var id = $"AAkALg{mailbox:000}{month:00}{i:0000}{random.NextInt64():x16}";
            object Person(string address) => new { emailAddress = new { name = $"Person {address}", address } };
            var metadata = JsonSerializer.SerializeToUtf8Bytes(
                new
                {
                    type = "message",
                    id,
                    graph = new
                    {
                        changeKey = $"CQ{random.NextInt64():x16}",
                        subject,
                        receivedDateTime = received,
                        sentDateTime = received,
                        createdDateTime = received,
                        lastModifiedDateTime = received,
                        internetMessageId = $"<{id}@contoso.example>",
                        conversationId = id,
                        parentFolderId = "AQMk" + mailbox,
                        isRead = true,
                        isDraft = false,
                        importance = "normal",
                        inferenceClassification = "focused",
                        hasAttachments = false,
                        categories = Array.Empty<string>(),
                        flag = new { flagStatus = "notFlagged" },
                        from = Person($"kunde{random.Next(500)}@fabrikam.example"),
                        sender = Person("kunde@fabrikam.example"),
                        toRecipients = new[] { Person($"user{mailbox}@contoso.example") },
                        ccRecipients = Array.Empty<object>(),
                        bccRecipients = Array.Empty<object>(),
                        isReadReceiptRequested = false,
                        snapshot = i == 0 ? snapshot : 0,
                    },
                }
            );
            var name = $"{received:yyyy-MM-dd HH.mm.ss} {subject} [{id.GetHashCode(StringComparison.Ordinal):x8}].eml";
            nodes[name] = Node.NewFile(name, 4000, [BlobId.Of(metadata)], received) with
            {
                ExtendedAttributes = [new ExtendedAttribute("user.klarkonform", metadata)],
            };
        }

        return nodes.Values;
    }

    private static long SizeOfIndex(string home) =>
        Directory.GetFiles(home, "*.idx", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length);

    private sealed class Vault : ISecretStore
    {
        public Task<SecretValue> GetAsync(SecretReference reference, CancellationToken cancellationToken) =>
            Task.FromResult(new SecretValue(null, Password));
    }

    private sealed class Silence : IBackupObserver
    {
        public bool WantsDebug => false;

        public void Progress(BackupProgress progress) { }

        public void Debug(string text) { }

        public void Verbose(string text) { }

        public void Warning(string text) { }
    }
}
