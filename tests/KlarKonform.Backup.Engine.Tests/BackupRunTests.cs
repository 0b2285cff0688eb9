using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Engine.Tests;

public sealed class BackupRunTests
{
    [Fact]
    public async Task Twenty_rounds_of_random_changes_end_with_a_snapshot_that_equals_the_tenant()
    {
        await using var scenario = await BackupScenario.StartAsync();
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync()).Status);
        for (var round = 0; round < 20; round++)
        {
            var changes = scenario.Tenant.Change((_, generator) => generator.Change(12));
            scenario.Tenant.Counters.Reset();
            var run = await scenario.RunAsync();
            Assert.Equal(BackupState.Succeeded, run.Status);
            Assert.True(run.Verified);
            Assert.Empty(run.Notes);
            Assert.Equal(
                (changes.NewMessages, changes.NewContents),
                (scenario.Tenant.Counters["mime"], scenario.Tenant.Counters["download"])
            );
            Assert.Empty(scenario.Tenant.Counters.Violations);
            if (round % 5 == 4)
                await scenario.AssertSnapshotEqualsTenantAsync();
        }

        Assert.Contains("no errors were found", scenario.Restic.Run("check", "--read-data"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unchanged_run_downloads_nothing_and_asks_each_folder_once()
    {
        await using var scenario = await BackupScenario.StartAsync();
        await scenario.RunAsync();
        scenario.Tenant.Counters.Reset();
        var run = await scenario.RunAsync();
        Assert.Equal((0, 0, 0), (run.ItemsDownloaded, run.ItemsUpdated, run.ItemsRemoved));
        Assert.Equal(0, scenario.Tenant.Counters["mime"] + scenario.Tenant.Counters["content"] + scenario.Tenant.Counters["download"]);
        Assert.Equal(
            scenario.Tenant.Model.Users.Sum(user =>
                user.Mailbox?.Folders.Values.Count(folder => folder.WellKnownName != "msgfolderroot" && !folder.IsSearchFolder) ?? 0
            ),
            scenario.Tenant.Counters["messageDelta"]
        );
    }

    [Fact]
    public async Task Packs_have_the_size_that_the_target_asks_for()
    {
        var sizes = new TenantSizes
        {
            Users = 1,
            MailsPerUser = 2,
            FilesPerUser = 150,
            MaxFileBytes = 1_000_000,
        };
        // No checkpoint becomes due: it would close packs.
        await using var scenario = await BackupScenario.StartAsync(sizes, time: new SlowWatch());
        var small = scenario.Configuration("Small packs") with
        {
            Id = Guid.NewGuid(),
            Target = new TargetSettings
            {
                Type = TargetType.Folder,
                Path = scenario.Folder["small"],
                PackSizeMiB = 4,
            },
        };
        await scenario.Engine.CreateConfigurationAsync(small, default);
        await scenario.RunAsync();
        Assert.Equal(
            BackupState.Succeeded,
            (await scenario.Engine.StartBackupAsync(small.Name, new BackupOptions(), scenario, scenario, default)).Status
        );
        long Largest(string repository) =>
            new DirectoryInfo(scenario.Folder[repository, "data"])
                .EnumerateFiles("*", SearchOption.AllDirectories)
                .Max(file => file.Length);
        // A pack is closed when the next chunk does not fit.
        Assert.InRange(Largest("repository"), 6 << 20, 9 << 20);
        Assert.InRange(Largest("small"), 2 << 20, 5 << 20);
    }

    [Fact]
    public async Task Folders_that_move_and_are_renamed_take_their_content_along_without_a_download()
    {
        await using var scenario = await BackupScenario.StartAsync();
        await scenario.RunAsync();
        scenario.Tenant.Change(
            (model, _) =>
            {
                var mailbox = model.Users[0].Mailbox!;
                mailbox.RenameFolder(mailbox.Folder("inbox"), "Inbox");
                mailbox.MoveFolder(mailbox.Folders.Values.Single(folder => folder.Name == "2026"), mailbox.Folder("sentitems"));
                var drive = model.Users[0].Drive!;
                var folder = drive.Items.Values.Single(item => item.Name == "Projekt Süd");
                drive.Rename(folder, "Projekt Nord");
            }
        );
        scenario.Tenant.Counters.Reset();
        var run = await scenario.RunAsync();
        Assert.Equal(BackupState.Succeeded, run.Status);
        Assert.Equal(0, scenario.Tenant.Counters["mime"] + scenario.Tenant.Counters["download"]);
        await scenario.AssertSnapshotEqualsTenantAsync();
    }

    [Fact]
    public async Task Files_that_swap_their_names_end_under_the_right_ones()
    {
        await using var scenario = await BackupScenario.StartAsync();
        await scenario.RunAsync();
        scenario.Tenant.Change(
            (model, generator) =>
            {
                var drive = model.Users[0].Drive!;
                generator.AddFile(drive, drive.Root, "a.txt", 1000);
                generator.AddFile(drive, drive.Root, "b.txt", 2000);
            }
        );
        await scenario.RunAsync();
        scenario.Tenant.Change(
            (model, _) =>
            {
                var drive = model.Users[0].Drive!;
                var (a, b) = (
                    drive.Items.Values.Single(item => item.Name == "a.txt"),
                    drive.Items.Values.Single(item => item.Name == "b.txt")
                );
                drive.Rename(a, "c.txt");
                drive.Rename(b, "a.txt");
                drive.Rename(a, "b.txt");
            }
        );
        await scenario.RunAsync();
        await scenario.AssertSnapshotEqualsTenantAsync();
    }

    [Fact]
    public async Task A_deleted_mail_folder_goes_with_its_mails_and_a_mail_that_was_moved_out_stays()
    {
        await using var scenario = await BackupScenario.StartAsync();
        await scenario.RunAsync();
        scenario.Tenant.Change(
            (model, generator) =>
            {
                var mailbox = model.Users[0].Mailbox!;
                var doomed = mailbox.Folders.Values.Single(folder => folder.Name == "Projekte/Kunden");
                var saved = generator.AddMessage(model.Users[0], doomed.Id);
                generator.AddMessage(model.Users[0], doomed.Id);
                mailbox.Move(saved, mailbox.Folder("sentitems"));
            }
        );
        await scenario.RunAsync();
        scenario.Tenant.Change(
            (model, _) =>
            {
                var mailbox = model.Users[0].Mailbox!;
                var doomed = mailbox.Folders.Values.Single(folder => folder.Name == "Projekte/Kunden");
                if (mailbox.Messages.Values.FirstOrDefault(message => message.FolderId == doomed.Id) is { } saved)
                    mailbox.Move(saved, mailbox.Folder("inbox"));
                mailbox.DeleteFolder(doomed);
            }
        );
        scenario.Tenant.Counters.Reset();
        await scenario.RunAsync();
        Assert.Equal(0, scenario.Tenant.Counters["mime"]);
        await scenario.AssertSnapshotEqualsTenantAsync();
    }

    [Fact]
    public async Task A_mail_that_was_moved_and_then_deleted_is_gone_whichever_folder_reports_first()
    {
        await using var scenario = await BackupScenario.StartAsync();
        await scenario.RunAsync();
        scenario.Tenant.Change(
            (model, _) =>
            {
                var mailbox = model.Users[0].Mailbox!;
                foreach (var message in mailbox.Messages.Values.Take(8).ToArray())
                {
                    foreach (
                        var folder in mailbox
                            .Folders.Values.Where(folder => folder.WellKnownName != "msgfolderroot" && folder.Id != message.FolderId)
                            .ToArray()
                    )
                        mailbox.Move(message, folder);
                    mailbox.Delete(message);
                }
            }
        );
        await scenario.RunAsync();
        await scenario.AssertSnapshotEqualsTenantAsync();
    }

    [Fact]
    public async Task An_expired_cursor_compares_everything_and_downloads_nothing_known()
    {
        await using var scenario = await BackupScenario.StartAsync();
        await scenario.RunAsync();
        scenario.Tenant.Change(
            (model, generator) =>
            {
                model.Users[0].Mailbox!.Delete(model.Users[0].Mailbox!.Messages.Values.First());
                model.Users[1].Drive!.Delete(model.Users[1].Drive!.Items.Values.First(item => !item.IsFolder));
                generator.AddMessage(model.Users[0]);
            }
        );
        scenario.Tenant.ExpireDeltaTokens();
        scenario.Tenant.Counters.Reset();
        var run = await scenario.RunAsync();
        Assert.Equal(BackupState.Succeeded, run.Status);
        Assert.Contains(
            run.Notes,
            note => note.Contains("cursor", StringComparison.Ordinal) || note.Contains("Delta-Cursor", StringComparison.Ordinal)
        );
        Assert.Equal((1, 0), (scenario.Tenant.Counters["mime"], scenario.Tenant.Counters["download"]));
        await scenario.AssertSnapshotEqualsTenantAsync();
    }

    [Fact]
    public async Task A_full_run_compares_everything_and_downloads_nothing_known()
    {
        await using var scenario = await BackupScenario.StartAsync();
        await scenario.RunAsync();
        scenario.Tenant.Counters.Reset();
        var run = await scenario.RunAsync(new BackupOptions { Full = true });
        Assert.Equal((0, 0, 0), (run.ItemsDownloaded, run.ItemsUpdated, run.ItemsRemoved));
        Assert.Equal(0, scenario.Tenant.Counters["mime"] + scenario.Tenant.Counters["download"]);
    }

    [Fact]
    public async Task A_corrupt_mail_makes_the_run_partial_and_is_tried_again_though_delta_is_silent()
    {
        await using var scenario = await BackupScenario.StartAsync();
        scenario.Tenant.Change((model, _) => model.Users[0].Mailbox!.Messages.Values.First().IsCorrupt = true);
        var first = await scenario.RunAsync();
        Assert.Equal(BackupState.Partial, first.Status);
        var failure = Assert.Single(first.Failures);
        Assert.Equal(("ErrorCorruptData", 1), (failure.Code, failure.Attempts));
        Assert.NotEmpty(failure.Hint);
        await scenario.AssertSnapshotEqualsTenantAsync();

        Assert.Equal(2, Assert.Single((await scenario.RunAsync()).Failures).Attempts);
        scenario.Tenant.Change(
            (model, _) => model.Users[0].Mailbox!.Messages.Values.Single(message => message.IsCorrupt).IsCorrupt = false
        );
        var healed = await scenario.RunAsync();
        Assert.Equal((BackupState.Succeeded, 1), (healed.Status, healed.ItemsDownloaded));
        await scenario.AssertSnapshotEqualsTenantAsync();
    }

    [Fact]
    public async Task Malware_is_recorded_once_and_not_tried_for_ever()
    {
        await using var scenario = await BackupScenario.StartAsync();
        scenario.Tenant.Change(
            (model, generator) => generator.AddFile(model.Users[0].Drive!, model.Users[0].Drive!.Root, "eicar.com", 68).IsMalware = true
        );
        var first = await scenario.RunAsync();
        Assert.Equal((BackupState.Partial, "malwareDetected"), (first.Status, Assert.Single(first.Failures).Code));
        scenario.Tenant.Counters.Reset();
        var next = await scenario.RunAsync();
        Assert.Equal((BackupState.Partial, 0, 1), (next.Status, next.Failures.Count, next.RetryList.Count));
        Assert.Equal(0, scenario.Tenant.Counters["content"]);
    }

    [Fact]
    public async Task A_stopped_run_leaves_a_checkpoint_and_another_machine_continues_without_reading_anything_twice()
    {
        await using var scenario = await BackupScenario.StartAsync(
            new TenantSizes
            {
                Users = 2,
                MailsPerUser = 150,
                FilesPerUser = 60,
                MaxFileBytes = 100_000,
            }
        );
        using var stop = new CancellationTokenSource();
        scenario.OnProgress = progress =>
        {
            if (
                progress.Resource?.StartsWith("Mail", StringComparison.Ordinal) == true
                && progress.Text.Contains("20", StringComparison.Ordinal)
            )
                stop.Cancel();
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => scenario.RunAsync(cancellationToken: stop.Token));
        scenario.OnProgress = null;
        Assert.Equal(BackupState.Partial, (await scenario.Engine.GetStatusAsync("Test", default)).Status);
        Assert.Contains("checkpoint", scenario.Restic.Run("snapshots"), StringComparison.Ordinal);
        Assert.Contains("no errors were found", scenario.Restic.Run("check", "--read-data"), StringComparison.Ordinal);
        var stored = scenario.Restic.Run("ls", "latest").Split('\n').Count(line => line.EndsWith(".eml", StringComparison.Ordinal));
        Assert.True(stored > 0);

        scenario.Tenant.Counters.Reset();
        var elsewhere = scenario.NewEngine("another machine");
        await elsewhere.CreateConfigurationAsync(scenario.Configuration(), default);
        var run = await scenario.RunAsync(engine: elsewhere);
        Assert.Equal(BackupState.Succeeded, run.Status);
        Assert.Equal(scenario.Tenant.Model.Users.Sum(user => user.Mailbox!.Messages.Count) - stored, scenario.Tenant.Counters["mime"]);
        await scenario.AssertSnapshotEqualsTenantAsync();
        Assert.DoesNotContain("checkpoint", scenario.Restic.Run("snapshots"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_user_who_left_keeps_what_was_backed_up()
    {
        await using var scenario = await BackupScenario.StartAsync();
        await scenario.RunAsync();
        var name = scenario.Tenant.Change(
            (model, _) =>
            {
                var gone = model.Users[1];
                model.Users.Remove(gone);
                return gone.UserPrincipalName;
            }
        );
        var run = await scenario.RunAsync();
        Assert.Equal(BackupState.Succeeded, run.Status);
        Assert.Contains(run.Notes, note => note.Contains(name, StringComparison.Ordinal));
        Assert.Contains($"/Exchange/{name}/Mail", scenario.Restic.Run("ls", "latest"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_gets_the_name_of_one_who_left_has_a_folder_of_his_own_for_everything()
    {
        await using var scenario = await BackupScenario.StartAsync(
            new TenantSizes
            {
                Users = 3,
                MailsPerUser = 5,
                FilesPerUser = 0,
                EventsPerUser = 2,
            },
            sources: new SourceSettings { Mail = new MailSelection() }
        );
        await scenario.RunAsync();
        var name = scenario.Tenant.Change(
            (model, _) =>
            {
                var gone = model.Users[1];
                model.Users.Remove(gone);
                model.Users.Add(
                    new DemoTenant.Model.DemoUser
                    {
                        Id = Guid.NewGuid().ToString(),
                        UserPrincipalName = gone.UserPrincipalName,
                        DisplayName = "Jemand anders",
                        Mailbox = gone.Mailbox,
                    }
                );
                return gone.UserPrincipalName;
            }
        );
        await scenario.Engine.UpdateConfigurationAsync(
            scenario.Configuration() with
            {
                Sources = new SourceSettings { Mail = new MailSelection(), Calendar = new SourceSelection() },
            },
            default
        );
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync()).Status);
        var paths = scenario.Restic.Run("ls", "latest").Split('\n');
        Assert.Contains($"/Exchange/{name}/Mail", paths);
        Assert.DoesNotContain($"/Exchange/{name}/Calendar", paths);
        var own = Assert.Single(
            paths,
            path => path.StartsWith($"/Exchange/{name} [", StringComparison.Ordinal) && path.EndsWith("/Calendar", StringComparison.Ordinal)
        );
        Assert.Contains(own.Replace("/Calendar", "/Mail", StringComparison.Ordinal), paths);
    }

    [Fact]
    public async Task A_revoked_token_in_the_middle_does_not_end_the_run()
    {
        await using var scenario = await BackupScenario.StartAsync();
        var revoked = false;
        scenario.OnProgress = progress =>
        {
            if (progress.Resource is null || revoked)
                return;
            revoked = true;
            scenario.Tenant.RevokeTokens();
        };
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync()).Status);
        Assert.True(revoked);
        await scenario.AssertSnapshotEqualsTenantAsync();
    }

    [Fact]
    public async Task Downloads_that_break_are_resumed()
    {
        await using var scenario = await BackupScenario.StartAsync();
        scenario.Tenant.Change(
            (model, generator) => generator.AddFile(model.Users[0].Drive!, model.Users[0].Drive!.Root, "groß.bin", 3_000_000)
        );
        scenario.Tenant.BreakDownloads(5);
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync()).Status);
        await scenario.AssertSnapshotEqualsTenantAsync();
    }
}
