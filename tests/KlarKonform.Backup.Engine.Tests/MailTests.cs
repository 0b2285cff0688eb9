using System.Text;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using KlarKonform.Backup.DemoTenant.Model;
using Microsoft.Extensions.Time.Testing;

namespace KlarKonform.Backup.Engine.Tests;

/// <summary>Mail: what is where, what is read again, what cannot be read.</summary>
public sealed class MailTests
{
    private static readonly SourceSettings s_mail = new() { Mail = new MailSelection() };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_hidden_folder_is_backed_up_whether_delta_shows_it_or_not(bool shown)
    {
        await using var scenario = await BackupScenario.StartAsync(
            options: new DemoTenantOptions { HiddenFoldersInDelta = shown },
            sources: s_mail
        );
        scenario.Tenant.Change((model, generator) => generator.AddMessage(model.Users[0], Folder(model, "Verborgen").Id));
        await scenario.RunAsync();
        scenario.Tenant.Change((model, generator) => generator.AddMessage(model.Users[0], Folder(model, "Verborgen").Id));
        Assert.Equal(1, (await scenario.RunAsync()).ItemsDownloaded);
        await scenario.AssertSnapshotEqualsTenantAsync();
    }

    [Fact]
    public async Task Dumpster_and_archive_are_backed_up_when_they_are_wanted()
    {
        await using var scenario = await BackupScenario.StartAsync(
            sources: new SourceSettings
            {
                Mail = new MailSelection { RecoverableItems = true, Archive = true },
            }
        );
        scenario.Tenant.Change((model, generator) => generator.AddDumpsterAndArchive(model.Users[0]));
        var run = await scenario.RunAsync();
        Assert.Equal(BackupState.Succeeded, run.Status);
        // This user has neither, and the admin is told.
        Assert.Equal(["bjoern@demo.example", "bjoern@demo.example"], run.Notes.Select(note => note.Split('\'')[1]));
        await scenario.AssertSnapshotEqualsTenantAsync();

        // What is deleted permanently moves to the dumpster: one stored mail, no new download.
        scenario.Tenant.Change(
            (model, _) =>
                model
                    .Users[0]
                    .Mailbox!.Move(
                        model.Users[0].Mailbox!.Messages.Values.First(),
                        model.Users[0].Mailbox!.Folder("recoverableitemsdeletions")
                    )
        );
        scenario.Tenant.Counters.Reset();
        await scenario.RunAsync();
        Assert.Equal(0, scenario.Tenant.Counters["mime"]);
        await scenario.AssertSnapshotEqualsTenantAsync();
    }

    [Fact]
    public async Task An_archive_that_is_refused_for_a_night_is_not_taken_away()
    {
        await using var scenario = await BackupScenario.StartAsync(
            new TenantSizes
            {
                Users = 1,
                MailsPerUser = 3,
                FilesPerUser = 0,
            },
            sources: new SourceSettings { Mail = new MailSelection { Archive = true } }
        );
        scenario.Tenant.Change((model, generator) => generator.AddDumpsterAndArchive(model.Users[0]));
        await scenario.RunAsync();
        scenario.Tenant.ExpireDeltaTokens(); // So that all folders are compared.
        scenario.Tenant.Counters.OnRequest = kind =>
        {
            if (kind == "mailFolder")
                throw new GraphErrorException(403, "ErrorAccessDenied", "Access is denied.");
        };
        var run = await scenario.RunAsync();
        Assert.Equal((BackupState.Succeeded, 0L), (run.Status, run.ItemsRemoved));
        Assert.Contains(run.Notes, note => note.Contains("ErrorAccessDenied", StringComparison.Ordinal));
        scenario.Tenant.Counters.OnRequest = null;
        await scenario.AssertSnapshotEqualsTenantAsync();
    }

    [Fact]
    public async Task A_mailbox_over_its_quota_is_listed_and_compared()
    {
        await using var scenario = await BackupScenario.StartAsync(sources: s_mail);
        await scenario.RunAsync();
        scenario.Tenant.Change(
            (model, generator) =>
            {
                var mailbox = model.Users[0].Mailbox!;
                mailbox.IsOverQuota = true;
                mailbox.Delete(mailbox.Messages.Values.First());
                generator.AddMessage(model.Users[0]);
            }
        );
        var run = await scenario.RunAsync();
        Assert.Equal((BackupState.Succeeded, 1L, 1L), (run.Status, run.ItemsDownloaded, run.ItemsRemoved));
        Assert.Contains(run.Notes, note => note.Contains("ErrorQuotaExceeded", StringComparison.Ordinal));
        await scenario.AssertSnapshotEqualsTenantAsync();
        scenario.Tenant.Change((model, _) => model.Users[0].Mailbox!.IsOverQuota = false);
        Assert.Equal(0, (await scenario.RunAsync()).ItemsDownloaded);
        Assert.Empty((await scenario.RunAsync()).Notes);
    }

    [Fact]
    public async Task A_mail_that_was_marked_read_is_updated_without_reading_it_again()
    {
        await using var scenario = await BackupScenario.StartAsync(sources: s_mail);
        await scenario.RunAsync();
        scenario.Tenant.Change(
            (model, _) =>
            {
                var message = model.Users[0].Mailbox!.Messages.Values.First();
                (message.IsRead, message.IsFlagged, message.Importance) = (!message.IsRead, true, "high");
                message.Categories.Add("Rot");
                model.Users[0].Mailbox!.Touch(message);
            }
        );
        scenario.Tenant.Counters.Reset();
        Assert.Equal((1, 0), ((await scenario.RunAsync()).ItemsUpdated, scenario.Tenant.Counters["mime"]));
        await scenario.AssertSnapshotEqualsTenantAsync();
    }

    [Fact]
    public async Task A_mail_whose_text_changed_with_its_read_state_is_read_again()
    {
        await using var scenario = await BackupScenario.StartAsync(sources: s_mail);
        await scenario.RunAsync();
        scenario.Tenant.Change(
            (model, _) =>
            {
                var message = model.Users[0].Mailbox!.Messages.Values.First();
                (message.IsRead, message.Subject, message.TextLength) = (!message.IsRead, "Neuer Betreff", 77);
                model.Users[0].Mailbox!.Touch(message);
            }
        );
        Assert.Equal(1, (await scenario.RunAsync()).ItemsDownloaded);
        await scenario.AssertSnapshotEqualsTenantAsync();
    }

    [Fact]
    public async Task Mails_that_move_while_the_run_is_on_are_in_its_snapshot_once()
    {
        await using var scenario = await BackupScenario.StartAsync(
            new TenantSizes
            {
                Users = 1,
                MailsPerUser = 60,
                FilesPerUser = 0,
            },
            sources: s_mail
        );
        await scenario.RunAsync();
        var random = new Random(5);
        var moves = 0;
        scenario.Tenant.Counters.OnRequest = kind =>
        {
            // Between the folders' answers mails move to and fro, also to folders that were already read.
            if (kind != "messageDelta" || ++moves > 12)
                return;
            scenario.Tenant.Change(
                (model, generator) =>
                {
                    var mailbox = model.Users[0].Mailbox!;
                    var folders = mailbox
                        .Folders.Values.Where(folder => folder is { WellKnownName: not "msgfolderroot", IsSearchFolder: false })
                        .ToArray();
                    foreach (var message in mailbox.Messages.Values.OrderBy(_ => random.Next()).Take(4).ToArray())
                        mailbox.Move(message, folders[random.Next(folders.Length)]);
                    generator.AddMessage(model.Users[0], folders[0].Id);
                }
            );
        };
        var run = await scenario.RunAsync();
        scenario.Tenant.Counters.OnRequest = null;
        Assert.Equal(BackupState.Succeeded, run.Status);
        var stored = await StoredItem.ReadAllAsync(scenario.Folder["repository"], BackupScenario.Password);
        var before = scenario
            .Tenant.Model.Users[0]
            .Mailbox!.Messages.Values.Take(60)
            .Select(message => message.InternetMessageId)
            .ToHashSet();
        var found = stored
            .Where(item => item.Path.EndsWith(".eml", StringComparison.Ordinal))
            .Select(item => item.Properties.GetProperty("internetMessageId").GetString()!)
            .Where(before.Contains)
            .Order();
        Assert.Equal(before.Order(), found);
        await scenario.RunAsync();
        await scenario.AssertSnapshotEqualsTenantAsync();
    }

    [Fact]
    public async Task What_has_no_MIME_is_kept_as_JSON_and_what_cannot_be_read_at_all_is_on_record()
    {
        await using var scenario = await BackupScenario.StartAsync(sources: s_mail);
        var (corrupt, unreadable) = scenario.Tenant.Change(
            (model, generator) => (generator.AddMessage(model.Users[0]), generator.AddMessage(model.Users[0]))
        );
        (corrupt.IsCorrupt, unreadable.IsUnreadable) = (true, true);
        var run = await scenario.RunAsync();
        Assert.Equal(BackupState.Partial, run.Status);
        Assert.Equal(["ErrorCorruptData", "ErrorCorruptData"], run.Failures.Select(failure => failure.Code));
        Assert.All(run.Failures, failure => Assert.NotEmpty(failure.Hint));
        var listing = scenario.Restic.Run("ls", "latest").Split('\n');
        Assert.Equal(
            2,
            listing.Count(line => line.Contains("/Mail/", StringComparison.Ordinal) && line.EndsWith(".json", StringComparison.Ordinal))
        );
        await scenario.AssertSnapshotEqualsTenantAsync();

        // Microsoft repaired them: delta does not report it, the next run finds out.
        (corrupt.IsCorrupt, unreadable.IsUnreadable) = (false, false);
        Assert.Equal(
            (BackupState.Succeeded, 2L),
            ((await scenario.RunAsync()) is var again ? again.Status : default, again.ItemsDownloaded)
        );
        Assert.DoesNotContain(
            scenario.Restic.Run("ls", "latest").Split('\n'),
            line => line.Contains("/Mail/", StringComparison.Ordinal) && line.EndsWith(".json", StringComparison.Ordinal)
        );
        await scenario.AssertSnapshotEqualsTenantAsync();
    }

    [Fact]
    public async Task An_item_that_fails_for_ever_is_tried_in_fewer_and_fewer_runs_and_never_forgotten()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 5, 4, 2, 0, 0, TimeSpan.Zero))
        {
            AutoAdvanceAmount = TimeSpan.FromMilliseconds(1),
        };
        await using var scenario = await BackupScenario.StartAsync(
            new TenantSizes
            {
                Users = 1,
                MailsPerUser = 2,
                FilesPerUser = 0,
            },
            sources: s_mail,
            time: time
        );
        scenario.Tenant.Change((model, generator) => generator.AddMessage(model.Users[0]).IsUnreadable = true);
        var tried = new List<int>();
        for (var night = 1; night <= 40; night++)
        {
            scenario.Tenant.Counters.Reset();
            var run = await scenario.RunAsync();
            if (scenario.Tenant.Counters["mime"] > 0 && run.Failures.Count > 0)
                tried.Add(night);
            else
                Assert.Contains(run.Notes, note => note.Contains("could not be read before", StringComparison.Ordinal));
            time.Advance(TimeSpan.FromDays(1));
        }

        Assert.Equal([1, 2, 3, 4, 6, 10, 18, 34], tried);
    }

    [Fact]
    public async Task Drafts_signed_encrypted_nested_and_broken_mails_are_stored_as_they_are()
    {
        await using var scenario = await BackupScenario.StartAsync(
            new TenantSizes
            {
                Users = 1,
                MailsPerUser = 0,
                FilesPerUser = 0,
            },
            sources: s_mail
        );
        scenario.Tenant.Change(
            (model, _) =>
            {
                foreach (var (id, mime) in Specials())
                {
                    model
                        .Users[0]
                        .Mailbox!.Add(
                            new DemoMessage
                            {
                                Id = "AAkSpecial" + id,
                                FolderId = model.Users[0].Mailbox!.Folder("inbox").Id,
                                Subject = id,
                                From = "a@b.example",
                                To = "c@d.example",
                                Received = DateTimeOffset.UnixEpoch,
                                Seed = 1,
                                TextLength = 1,
                                RawMime = mime,
                                IsDraft = id == "draft00001",
                            }
                        );
                }
            }
        );
        Assert.Equal((BackupState.Succeeded, 5L), ((await scenario.RunAsync()) is var run ? run.Status : default, run.ItemsDownloaded));
        await scenario.AssertSnapshotEqualsTenantAsync();

        // A draft may change in every way between two change keys.
        scenario.Tenant.Change((model, _) => model.Users[0].Mailbox!.Touch(model.Users[0].Mailbox!.Messages["AAkSpecialdraft00001"]));
        Assert.Equal(1, (await scenario.RunAsync()).ItemsDownloaded);
    }

    [Fact]
    public async Task A_mail_of_150_megabytes_is_stored_to_the_last_byte()
    {
        await using var scenario = await BackupScenario.StartAsync(
            new TenantSizes
            {
                Users = 1,
                MailsPerUser = 0,
                FilesPerUser = 0,
            },
            sources: s_mail
        );
        scenario.Tenant.Change(
            (model, _) =>
            {
                model
                    .Users[0]
                    .Mailbox!.Add(
                        new DemoMessage
                        {
                            Id = "AAkLarge000001",
                            FolderId = model.Users[0].Mailbox!.Folder("inbox").Id,
                            Subject = "Groß",
                            From = "a@b.example",
                            To = "c@d.example",
                            Received = DateTimeOffset.UnixEpoch,
                            Seed = 9,
                            TextLength = 1,
                            LargeAttachment = 150_000_000,
                        }
                    );
            }
        );
        var run = await scenario.RunAsync();
        Assert.Equal(BackupState.Succeeded, run.Status);
        Assert.True(run.BytesDownloaded > 200_000_000);
        await scenario.AssertSnapshotEqualsTenantAsync();
    }

    [Fact]
    public async Task Folders_of_difficult_names_lie_side_by_side()
    {
        await using var scenario = await BackupScenario.StartAsync(
            new TenantSizes
            {
                Users = 1,
                MailsPerUser = 0,
                FilesPerUser = 0,
            },
            sources: s_mail
        );
        string[] names =
        [
            "a/b",
            "a\\b",
            "🎄🎄",
            new string('ö', 250),
            "Angebote",
            "ANGEBOTE",
            "2026-01",
            "CON",
            "..",
            "Zeile\nZwei",
            "Ende. ",
        ];
        scenario.Tenant.Change(
            (model, generator) =>
            {
                var mailbox = model.Users[0].Mailbox!;
                for (var i = 0; i < names.Length; i++)
                    generator.AddMessage(
                        model.Users[0],
                        mailbox.AddFolder($"AQMkHard{i:D6}", mailbox.Folder("msgfolderroot").Id, names[i]).Id
                    );
            }
        );
        Assert.Equal(
            (BackupState.Succeeded, names.Length),
            ((await scenario.RunAsync()) is var run ? run.Status : default, (int)run.ItemsDownloaded)
        );
        using var target = new TestSupport.TemporaryFolder();
        await foreach (
            var item in scenario.Engine.RestoreAsync(
                "Test",
                new RestoreRequest { Paths = ["/Exchange"], Destination = target.Path },
                scenario,
                scenario,
                default
            )
        )
            Assert.Equal("Restored", item.Status);
        Assert.Equal(names.Length, Directory.EnumerateFiles(target.Path, "*.eml", SearchOption.AllDirectories).Count());
        Assert.Equal(0, (await scenario.RunAsync()).ItemsUpdated);
    }

    private static DemoMailFolder Folder(DemoTenantModel model, string name) =>
        model.Users[0].Mailbox!.Folders.Values.Single(folder => folder.Name == name);

    private static IEnumerable<(string Id, byte[] Mime)> Specials()
    {
        static byte[] Text(string text) => Encoding.UTF8.GetBytes(text.ReplaceLineEndings("\r\n"));
        yield return ("draft00001", Text("Subject: Entwurf\n\nunfertig"));
        yield return (
            "signed0001",
            Text(
                "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; micalg=sha-256; boundary=b\n\n--b\n"
                    + "Content-Type: text/plain\n\nHallo\n--b\nContent-Type: application/pkcs7-signature\n"
                    + "Content-Transfer-Encoding: base64\n\nMIIB\n--b--\n"
            )
        );
        yield return (
            "encrypt001",
            Text("Content-Type: application/pkcs7-mime; smime-type=enveloped-data\nContent-Transfer-Encoding: base64\n\nMIIC\n")
        );
        yield return (
            "nested0001",
            Text(
                "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: message/rfc822\n\nSubject: innen\n"
                    + "Content-Type: multipart/mixed; boundary=c\n\n--c\nContent-Type: message/rfc822\n\nSubject: ganz innen\n"
                    + "\nText\n--c--\n--a--\n"
            )
        );
        yield return ("broken0001", [0x00, 0xFF, 0xFE, (byte)'\n', (byte)':', 0x0D, 0x80, 0x81]);
    }
}
