using System.Globalization;
using System.Text.Json;
using KlarKonform.Backup.DemoTenant.Generation;

namespace KlarKonform.Backup.Engine.Tests;

/// <summary>How a run is claimed, stopped, watched, continued and recorded.</summary>
public sealed class RunTests
{
    [Fact]
    public async Task A_run_can_be_watched_and_stopped_from_elsewhere_and_a_second_one_is_refused_on_every_machine()
    {
        await using var scenario = await BackupScenario.StartAsync(
            new TenantSizes
            {
                Users = 3,
                MailsPerUser = 80,
                FilesPerUser = 20,
                MaxFileBytes = 100_000,
            }
        );
        scenario.Tenant.Contents.BytesPerSecond = 300_000;
        var other = scenario.NewEngine();
        var elsewhere = scenario.NewEngine("another machine");
        await elsewhere.CreateConfigurationAsync(scenario.Configuration(), default);
        Assert.Equal(
            "TargetNotFound",
            (await Assert.ThrowsAsync<BackupException>(() => elsewhere.GetRepositoryStatusAsync("Test", scenario, default))).ErrorId
        );
        Assert.Equal(
            "NotRunning",
            (await Assert.ThrowsAsync<BackupException>(() => other.StopBackupAsync("Test", TimeSpan.Zero, default))).ErrorId
        );

        var running = scenario.RunAsync();
        var live = await UntilAsync(
            () => other.GetStatusAsync("Test", default),
            status => status is { Status: BackupState.Running, Current.Count: > 0, Items: > 0 }
        );
        Assert.Equal((6, Environment.ProcessId, Environment.MachineName), (live.ResourcesTotal, live.ProcessId, live.HostName));
        Assert.Equal(6, live.Resources.Count);
        Assert.Contains(live.Resources, resource => resource.Status == BackupState.Running);
        Assert.Equal("AlreadyRunning", (await Assert.ThrowsAsync<BackupException>(() => scenario.RunAsync(engine: other))).ErrorId);
        var refusal = await Assert.ThrowsAsync<BackupException>(() => scenario.RunAsync(engine: elsewhere));
        Assert.Equal(("AlreadyRunningElsewhere", BackupErrorCategory.ResourceBusy), (refusal.ErrorId, refusal.Category));
        Assert.Contains(Environment.MachineName, refusal.Message, StringComparison.Ordinal);
        Assert.Equal(
            (BackupState.Running, Environment.ProcessId),
            await elsewhere.GetRepositoryStatusAsync("Test", scenario, default) is var seen ? (seen.Status, seen.ProcessId) : default
        );
        Assert.Equal(
            "AlreadyRunning",
            (await Assert.ThrowsAsync<BackupException>(() => other.RemoveConfigurationAsync("Test", default))).ErrorId
        );

        var stopped = await other.StopBackupAsync("Test", TimeSpan.FromMinutes(1), default);
        Assert.Equal(stopped.RunId, (await running).RunId);
        Assert.Equal((BackupState.Partial, true), (stopped.Status, stopped.Error is not null));
        Assert.Equal(BackupState.Partial, (await elsewhere.GetRepositoryStatusAsync("Test", scenario, default)).Status);
        Assert.Contains("no errors were found", scenario.Restic.Run("check", "--read-data"), StringComparison.Ordinal);

        scenario.Tenant.Contents.BytesPerSecond = 0;
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync(engine: elsewhere)).Status);
        var last = await scenario.NewEngine("home").GetRepositoryStatusAsync("Test", scenario, default);
        Assert.Equal((BackupState.Succeeded, true, 6), (last.Status, last.Verified, last.ResourcesDone));
        await scenario.AssertSnapshotEqualsTenantAsync();
    }

    [Fact]
    public async Task A_file_that_was_under_way_is_continued_where_its_last_checkpoint_was_on_another_machine_too()
    {
        const int size = 24 << 20;
        await using var scenario = await BackupScenario.StartAsync(
            new TenantSizes
            {
                Users = 1,
                MailsPerUser = 0,
                FilesPerUser = 0,
                Sites = 0,
            },
            sources: new SourceSettings { OneDrive = new DriveSelection() }
        );
        var file = scenario.Tenant.Change(
            (model, generator) => generator.AddFile(model.Users[0].Drive!, model.Users[0].Drive!.Root, "Film.mkv", size)
        );
        scenario.Tenant.Contents.BytesPerSecond = 2 << 20;
        var running = scenario.RunAsync();
        await UntilAsync(() => scenario.Engine.GetStatusAsync("Test", default), status => status.Bytes > size / 3);
        await scenario.Engine.StopBackupAsync("Test", TimeSpan.FromMinutes(1), default);
        Assert.Equal(BackupState.Partial, (await running).Status);
        Assert.Contains("/partial/", scenario.Restic.Run("ls", "latest"), StringComparison.Ordinal);
        scenario.Restic.Run("prune", "--max-unused", "0"); // What is stored of it must not be removed.

        scenario.Tenant.Contents.BytesPerSecond = 0;
        var elsewhere = scenario.NewEngine("another machine");
        await elsewhere.CreateConfigurationAsync(
            scenario.Configuration() with
            {
                Sources = new SourceSettings { OneDrive = new DriveSelection() },
            },
            default
        );
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync(engine: elsewhere)).Status);
        Assert.InRange(
            scenario.Tenant.Contents.Served[$"file:{file.Seed.ToString(CultureInfo.InvariantCulture)}"],
            size,
            size + (10 << 20)
        );
        Assert.DoesNotContain("/partial", scenario.Restic.Run("ls", "latest"), StringComparison.Ordinal);
        await scenario.AssertSnapshotEqualsTenantAsync();
    }

    [Fact]
    public async Task A_throttled_mailbox_does_not_hold_the_others()
    {
        await using var scenario = await BackupScenario.StartAsync(
            new TenantSizes
            {
                Users = 5,
                MailsPerUser = 20,
                FilesPerUser = 5,
                MaxFileBytes = 10_000,
            }
        );
        var slow = scenario.Tenant.Model.Users.First(user => user.Mailbox is not null);
        scenario.Tenant.Throttle(slow.Id, TimeSpan.FromSeconds(6));
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync(new BackupOptions { ThrottleLimit = 3 })).Status);
        var ended = Events(scenario)
            .Where(each => each.GetProperty("event").GetString() == "ResourceSucceeded")
            .Select(each => each.GetProperty("data"))
            .ToArray();
        Assert.Equal(
            ("Mail", slow.UserPrincipalName),
            (ended[^1].GetProperty("kind").GetString(), ended[^1].GetProperty("resource").GetString())
        );
    }

    [Fact]
    public async Task The_run_says_what_it_expected_and_what_is_stored_and_mends_what_delta_left_out()
    {
        await using var scenario = await BackupScenario.StartAsync();
        var first = await scenario.RunAsync();
        var mails = scenario.Tenant.Model.Users.Sum(user => user.Mailbox?.Messages.Count ?? 0);
        Assert.True(first.Verification!.IsClean);
        Assert.Equal(first.Verification.ItemsExpected, first.Verification.ItemsStored);
        Assert.Equal(mails, first.Resources.Where(resource => resource.Kind == "Mail").Sum(resource => resource.ItemsStored));
        Assert.True(first.Verification is { PacksChecked: > 0, SampleSize: > 0, SampleFailures: 0 });

        // Three mails arrive and one is deleted, and delta reports only one.
        scenario.Tenant.Change(
            (model, generator) =>
            {
                var user = model.Users.First(each => each.Mailbox is not null);
                var folder = generator.AddMessage(user).FolderId;
                string[] hidden = [generator.AddMessage(user, folder).Id, generator.AddMessage(user, folder).Id];
                foreach (var id in hidden)
                    user.Mailbox!.Folders[folder].Changes.Forget(id);
                var gone = user.Mailbox!.Messages.Values.First(message => message.FolderId == folder && !hidden.Contains(message.Id));
                user.Mailbox.Messages.Remove(gone.Id);
            }
        );
        var second = await scenario.RunAsync();
        Assert.Equal(BackupState.Succeeded, second.Status);
        Assert.Empty(second.Verification!.Mismatches);
        Assert.Equal(mails + 2, second.Resources.Where(resource => resource.Kind == "Mail").Sum(resource => resource.ItemsExpected));
        await scenario.AssertSnapshotEqualsTenantAsync();
    }

    [Fact]
    public async Task The_retry_list_is_kept_in_status_and_manifest_and_a_mended_item_disappears_from_it()
    {
        await using var scenario = await BackupScenario.StartAsync();
        scenario.Tenant.Change((model, _) => model.Users[0].Mailbox!.Messages.Values.First().IsUnreadable = true);
        var first = await scenario.RunAsync();
        Assert.Equal(BackupState.Partial, first.Status);
        var mail = first.Resources.Single(resource => resource.Failures > 0);
        Assert.Equal((mail.ItemsStored, true), (mail.ItemsExpected, Assert.Single(first.Failures).IsStored));
        Assert.Equal("Mail", Assert.Single((await scenario.Engine.GetStatusAsync("Test", default)).RetryList).Kind);
        Assert.Single((await scenario.Engine.GetRepositoryStatusAsync("Test", scenario, default)).RetryList);
        Assert.Single(
            Manifest(scenario).GetProperty("resources").EnumerateArray().SelectMany(each => each.GetProperty("retryList").EnumerateArray())
        );

        scenario.Tenant.Change(
            (model, _) => model.Users[0].Mailbox!.Messages.Values.Single(message => message.IsUnreadable).IsUnreadable = false
        );
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync()).Status);
        Assert.Empty((await scenario.Engine.GetStatusAsync("Test", default)).RetryList);
        Assert.Empty((await scenario.Engine.GetRepositoryStatusAsync("Test", scenario, default)).RetryList);
    }

    [Fact]
    public async Task The_manifest_tells_with_restic_alone_what_the_run_did_and_keeps_what_earlier_runs_did()
    {
        await using var scenario = await BackupScenario.StartAsync();
        var first = await scenario.RunAsync();
        var manifest = Manifest(scenario);
        Assert.Equal(
            (1, first.RunId, "Test", "Succeeded", scenario.Tenant.Options.TenantId),
            (
                manifest.GetProperty("version").GetInt32(),
                manifest.GetProperty("run").GetGuid(),
                manifest.GetProperty("configurationName").GetString(),
                manifest.GetProperty("status").GetString(),
                manifest.GetProperty("tenant").GetString()
            )
        );
        Assert.Equal(first.Resources.Count(resource => !resource.Skipped), manifest.GetProperty("resources").GetArrayLength());

        var second = await scenario.RunAsync(new BackupOptions { Sources = ["Mail"] });
        var resources = Manifest(scenario).GetProperty("resources").EnumerateArray().ToArray();
        Assert.All(
            resources,
            resource =>
                Assert.Equal(
                    resource.GetProperty("kind").GetString() == "Mail" ? second.RunId : first.RunId,
                    resource.GetProperty("run").GetGuid()
                )
        );
        Assert.Contains(
            resources,
            resource => resource.GetProperty("kind").GetString() == "OneDrive" && resource.GetProperty("itemsStored").GetInt64() > 0
        );
    }

    [Fact]
    public async Task The_event_log_speaks_the_users_language_and_tells_no_secret_and_no_content()
    {
        await using var scenario = await BackupScenario.StartAsync();
        var old = scenario.Folder["home", "logs", "Test.jsonl"];
        Directory.CreateDirectory(Path.GetDirectoryName(old)!);
        await File.WriteAllTextAsync(old, new string('x', 11 << 20));
        scenario.Tenant.Change((model, _) => model.Users[0].Mailbox!.Messages.Values.First().IsUnreadable = true);
        var before = CultureInfo.CurrentUICulture;
        CultureInfo.CurrentUICulture = CultureInfo.GetCultureInfo("de-DE");
        try
        {
            await scenario.RunAsync();
        }
        finally
        {
            CultureInfo.CurrentUICulture = before;
        }

        Assert.Equal(11 << 20, new FileInfo(Path.ChangeExtension(old, ".1.jsonl")).Length);
        var events = Events(scenario);
        var names = events.Select(each => each.GetProperty("event").GetString()).ToArray();
        Assert.Equal("RunStarted", names[0]);
        Assert.Equal("RunPartial", names[^1]);
        Assert.Contains("ItemFailed", names);
        Assert.Contains("VerificationClean", names);
        Assert.Contains("Die Sicherung von", events[0].GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.All(events, each => Assert.Equal(TimeSpan.Zero, each.GetProperty("time").GetDateTimeOffset().Offset));
        var text = await File.ReadAllTextAsync(old);
        Assert.All(scenario.Secrets.Values, secret => Assert.DoesNotContain(secret, text, StringComparison.Ordinal));
        scenario.Tenant.Change(
            (model, _) =>
            {
                Assert.All(
                    model.Users.SelectMany(user =>
                        user.Mailbox?.Messages.Values.Where(message => message.Subject.Length > 6).ToArray() ?? []
                    ),
                    message => Assert.DoesNotContain(message.Subject, text, StringComparison.Ordinal)
                );
                Assert.All(
                    model.Users.SelectMany(user => user.Drive?.Items.Values.Where(item => item.Name.Length > 6).ToArray() ?? []),
                    item => Assert.DoesNotContain(item.Name, text, StringComparison.Ordinal)
                );
            }
        );
    }

    [Fact]
    public async Task A_log_that_cannot_be_written_costs_a_warning_and_not_the_backup()
    {
        await using var scenario = await BackupScenario.StartAsync();
        await File.WriteAllTextAsync(scenario.Folder["file"], "");
        Assert.Equal(
            BackupState.Succeeded,
            (await scenario.RunAsync(new BackupOptions { LogPath = Path.Combine(scenario.Folder["file"], "below.jsonl") })).Status
        );
        Assert.Single(scenario.Warnings);
    }

    [Theory]
    [InlineData(-3)]
    [InlineData(5000)]
    public async Task A_clock_that_jumped_between_two_runs_costs_neither_order_nor_a_download(int hours)
    {
        var time = new TestSupport.JumpingTime();
        await using var scenario = await BackupScenario.StartAsync(time: time);
        await scenario.RunAsync();
        time.Jump(TimeSpan.FromHours(hours));
        var second = await scenario.RunAsync();
        Assert.Equal((BackupState.Succeeded, 0), (second.Status, second.ItemsDownloaded));
        time.Jump(TimeSpan.FromHours(-hours));
        scenario.Tenant.Change((_, generator) => generator.Change(10));
        var third = await scenario.RunAsync();
        Assert.Equal(BackupState.Succeeded, third.Status);
        Assert.Equal(third.SnapshotId, (await scenario.Engine.GetSnapshotsAsync("Test", scenario, default))[^1].SnapshotId);
        await scenario.AssertSnapshotEqualsTenantAsync();
    }

    private static JsonElement Manifest(BackupScenario scenario)
    {
        using var json = JsonDocument.Parse(scenario.Restic.Run("dump", "latest", "/.klarkonform/manifest.json"));
        return json.RootElement.Clone();
    }

    private static List<JsonElement> Events(BackupScenario scenario) =>
        [
            .. File.ReadLines(scenario.Folder["home", "logs", "Test.jsonl"])
                .Select(line =>
                {
                    using var json = JsonDocument.Parse(line);
                    return json.RootElement.Clone();
                }),
        ];

    private static async Task<BackupStatus> UntilAsync(Func<Task<BackupStatus>> read, Func<BackupStatus, bool> isReached)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (true)
        {
            var status = await read();
            if (isReached(status))
                return status;
            await Task.Delay(100, limit.Token);
        }
    }
}
