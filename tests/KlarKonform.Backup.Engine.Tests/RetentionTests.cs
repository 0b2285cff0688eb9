using KlarKonform.Backup.Repository;
using KlarKonform.Backup.Repository.Json;
using KlarKonform.Backup.Repository.Snapshots;
using KlarKonform.Backup.Storage.Folder;
using Microsoft.Extensions.Time.Testing;

namespace KlarKonform.Backup.Engine.Tests;

public sealed class RetentionTests
{
    private static RetentionOptions Keep(KeepSettings keep, bool planOnly = false) =>
        new()
        {
            Policy = new RetentionSettings { Preset = RetentionPreset.Custom, Keep = keep },
            PlanOnly = planOnly,
        };

    [Fact]
    public async Task The_newest_complete_snapshot_stays_however_old_it_is()
    {
        await using var scenario = await BackupScenario.StartAsync();
        await scenario.RunAsync();
        await AgeAsync(scenario, 400);
        scenario.Tenant.Change((_, generator) => generator.Change(5));
        var newest = (await scenario.RunAsync()).SnapshotId;

        var later = new BackupEngine(scenario.Folder["home"], new FakeTimeProvider(DateTimeOffset.UtcNow.AddDays(1000)), Random.Shared);
        var result = await later.RunRetentionAsync("Test", Keep(new KeepSettings { Days = 90 }), scenario, scenario, default);
        Assert.Equal((2, 1), (result.Snapshots, result.Removed.Count));
        Assert.Equal(newest, Assert.Single(await scenario.Engine.GetSnapshotsAsync("Test", scenario, default)).SnapshotId);
        Assert.Contains("no errors were found", scenario.Restic.Run("check", "--read-data"), StringComparison.Ordinal);
        await scenario.AssertSnapshotEqualsTenantAsync();
    }

    [Fact]
    public async Task Days_count_back_from_the_newest_snapshot_so_that_nothing_runs_out_when_backups_stop()
    {
        await using var scenario = await BackupScenario.StartAsync();
        for (var run = 0; run < 3; run++)
            await scenario.RunAsync();
        var later = new BackupEngine(scenario.Folder["home"], new FakeTimeProvider(DateTimeOffset.UtcNow.AddDays(1000)), Random.Shared);
        Assert.Empty((await later.RunRetentionAsync("Test", Keep(new KeepSettings { Days = 90 }), scenario, scenario, default)).Removed);
        var plan = await later.RunRetentionAsync("Test", Keep(new KeepSettings { Last = 2 }, planOnly: true), scenario, scenario, default);
        Assert.Single(plan.Removed);
        Assert.Equal(["last"], plan.Decisions[0].Reasons);
        Assert.Equal(3, (await scenario.Engine.GetSnapshotsAsync("Test", scenario, default)).Count);
    }

    [Fact]
    public async Task A_plan_for_another_date_is_the_plan_that_a_backup_of_that_date_would_meet()
    {
        await using var scenario = await BackupScenario.StartAsync();
        for (var run = 0; run < 3; run++)
            await scenario.RunAsync();
        var now = DateTimeOffset.UtcNow;
        RetentionOptions On(int days) =>
            new()
            {
                Policy = new RetentionSettings { Preset = RetentionPreset.Standard },
                PlanOnly = true,
                AsOf = now.AddDays(days),
            };
        Assert.Empty((await scenario.Engine.RunRetentionAsync("Test", On(80), scenario, scenario, default)).Removed);
        var plan = await scenario.Engine.RunRetentionAsync("Test", On(100), scenario, scenario, default);
        Assert.Equal(2, plan.Removed.Count); // The newest existing one stays in any case.
        Assert.False(plan.Executed);
    }

    [Fact]
    public async Task The_policy_of_the_configuration_is_applied_after_every_backup_and_the_run_says_what_went()
    {
        await using var scenario = await BackupScenario.StartAsync();
        await scenario.RunAsync();
        await AgeAsync(scenario, 400);
        await scenario.Engine.UpdateConfigurationAsync(scenario.Configuration() with { Retention = new RetentionSettings() }, default);
        var run = await scenario.RunAsync();
        Assert.Single(run.Retention!.Removed);
        Assert.Single(await scenario.Engine.GetSnapshotsAsync("Test", scenario, default));
        Assert.Null((await scenario.RunAsync()).Retention);
        Assert.Contains("no errors were found", scenario.Restic.Run("check", "--read-data"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(RetentionPreset.Custom, null, "retention.keep")]
    [InlineData(RetentionPreset.Legal, 5, "retention.keep")]
    [InlineData(RetentionPreset.Custom, -1, "retention.keep.days")]
    public async Task A_policy_that_cannot_work_is_refused_with_the_field(RetentionPreset preset, int? days, string field)
    {
        await using var scenario = await BackupScenario.StartAsync();
        var settings = new RetentionSettings { Preset = preset, Keep = days is null ? null : new KeepSettings { Days = days } };
        var refused = await Assert.ThrowsAsync<BackupException>(() =>
            scenario.Engine.UpdateConfigurationAsync(scenario.Configuration() with { Retention = settings }, default)
        );
        Assert.Equal("ConfigurationFieldInvalid", refused.ErrorId);
        Assert.Contains($"'{field}'", refused.Message, StringComparison.Ordinal);
        Assert.Null((await scenario.Engine.GetConfigurationsAsync("Test", default))[0].Retention);
    }

    [Fact]
    public async Task Items_that_were_deleted_stay_below_deleted_until_their_month_is_over()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 3, 10, 2, 0, 0, TimeSpan.Zero))
        {
            AutoAdvanceAmount = TimeSpan.FromMilliseconds(5),
        };
        await using var scenario = await BackupScenario.StartAsync(time: time);
        await scenario.Engine.UpdateConfigurationAsync(
            scenario.Configuration() with
            {
                Retention = new RetentionSettings
                {
                    Preset = RetentionPreset.Custom,
                    Keep = new KeepSettings { Days = 60 },
                    DeletedItems = DeletedItemsPolicy.KeepUntilRetention,
                },
            },
            default
        );
        await scenario.RunAsync();
        var gone = scenario.Tenant.Change(
            (model, _) =>
            {
                var user = model.Users[0];
                var message = user.Mailbox!.Messages.Values.First();
                user.Mailbox.Delete(message);
                var file = user.Drive!.Items.Values.First(item => !item.IsFolder && item.Size > 0);
                user.Drive.Delete(file);
                return (message.Subject, File: file.Name);
            }
        );
        time.Advance(TimeSpan.FromDays(1));
        Assert.Equal(2, (await scenario.RunAsync()).ItemsKeptDeleted);
        var kept = await FindAsync(scenario, new ItemQuery { SnapshotId = "latest", Deleted = true });
        Assert.Contains(
            kept,
            item =>
                item.Type == "Mail"
                && item.Subject == gone.Subject
                && item.Path.Contains("/.deleted/2026-03/", StringComparison.Ordinal)
                && item.Deleted is not null
        );
        Assert.Contains(
            kept,
            item => item.Type == "File" && item.Name.StartsWith(Path.GetFileNameWithoutExtension(gone.File), StringComparison.Ordinal)
        );
        Assert.Contains("/.deleted/2026-03/", scenario.Restic.Run("ls", "latest"), StringComparison.Ordinal);

        // March expires at the end of May: sixty days after its last day.
        time.Advance(TimeSpan.FromDays(70));
        Assert.Equal(0, (await scenario.RunAsync()).ItemsExpired);
        time.Advance(TimeSpan.FromDays(15));
        Assert.Equal(2, (await scenario.RunAsync()).ItemsExpired);
        Assert.Empty(await FindAsync(scenario, new ItemQuery { SnapshotId = "latest", Deleted = true }));
        Assert.Contains("no errors were found", scenario.Restic.Run("check", "--read-data"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_users_own_folder_that_is_called_like_ours_is_told_from_it()
    {
        await using var scenario = await BackupScenario.StartAsync();
        scenario.Tenant.Change(
            (model, generator) =>
            {
                var drive = model.Users[0].Drive!;
                generator.AddFile(drive, generator.AddFolder(drive, drive.Root, ".deleted"), "bleibt.txt", 100);
            }
        );
        await scenario.Engine.UpdateConfigurationAsync(
            scenario.Configuration() with
            {
                Retention = new RetentionSettings { DeletedItems = DeletedItemsPolicy.KeepUntilRetention },
            },
            default
        );
        await scenario.RunAsync();
        scenario.Tenant.Change(
            (model, _) =>
                model.Users[0].Drive!.Delete(model.Users[0].Drive!.Items.Values.First(item => !item.IsFolder && item.Name != "bleibt.txt"))
        );
        Assert.Equal(1, (await scenario.RunAsync()).ItemsKeptDeleted);
        var own = Assert.Single(await FindAsync(scenario, new ItemQuery { SnapshotId = "latest", Name = "bleibt.txt" }));
        Assert.Null(own.Deleted);
        Assert.Matches(@"/\.deleted \[\w+\]/bleibt\.txt$", own.Path);
    }

    [Fact]
    public async Task A_folder_that_was_deleted_twice_in_a_month_is_one_below_deleted_and_nothing_of_it_is_lost()
    {
        await using var scenario = await BackupScenario.StartAsync();
        await scenario.Engine.UpdateConfigurationAsync(
            scenario.Configuration() with
            {
                Retention = new RetentionSettings { DeletedItems = DeletedItemsPolicy.KeepUntilRetention },
            },
            default
        );
        for (var round = 0; round < 2; round++)
        {
            var folder = scenario.Tenant.Change(
                (model, generator) =>
                {
                    var drive = model.Users[0].Drive!;
                    var made = generator.AddFolder(drive, drive.Root, "Zweimal");
                    generator.AddFile(drive, made, "gleich.txt", 100 + round);
                    generator.AddFile(drive, made, $"nur {round}.txt", 50);
                    return made;
                }
            );
            await scenario.RunAsync();
            scenario.Tenant.Change((model, _) => model.Users[0].Drive!.Delete(folder));
            Assert.Equal(2, (await scenario.RunAsync()).ItemsKeptDeleted);
        }

        var kept = await FindAsync(scenario, new ItemQuery { SnapshotId = "latest", Deleted = true });
        Assert.Equal(2, kept.Count(item => item.Name.StartsWith("gleich", StringComparison.Ordinal)));
        Assert.Equal(2, kept.Count(item => item.Name.StartsWith("nur ", StringComparison.Ordinal)));
    }

    /// <summary>All results of a query.</summary>
    internal static async Task<List<BackupItem>> FindAsync(BackupScenario scenario, ItemQuery query)
    {
        var found = new List<BackupItem>();
        await foreach (var item in scenario.Engine.FindItemsAsync("Test", query, scenario, scenario, default))
            found.Add(item);
        return found;
    }

    /// <summary>Makes every existing snapshot this many days older.</summary>
    internal static async Task AgeAsync(BackupScenario scenario, int days)
    {
        await using var store = new FolderObjectStore(scenario.Folder["repository"]);
        using var repository = await ResticRepository.OpenAsync(store, BackupScenario.Password, default);
        var all = new List<StoredSnapshot>();
        await foreach (var each in repository.SnapshotsAsync(default))
            all.Add(each);
        foreach (var (id, snapshot) in all)
        {
            // Like every program that rewrites one: it names the original.
            var other = new Dictionary<string, System.Text.Json.JsonElement>(
                snapshot.Other ?? new Dictionary<string, System.Text.Json.JsonElement>()
            )
            {
                ["original"] = System.Text.Json.JsonSerializer.SerializeToElement(snapshot.Original ?? id.ToString()),
            };
            await repository.SaveSnapshotAsync(
                snapshot with
                {
                    Time = NanoTime.From(snapshot.Taken.AddDays(-days)).ToString(),
                    Other = other,
                },
                default
            );
            await repository.DeleteSnapshotAsync(id, default);
        }
    }
}
