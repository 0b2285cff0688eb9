using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Engine.Tests.Losses;

/// <summary>What was lost and reported once is neither forgotten nor cleaned up before someone has decided.</summary>
public sealed class LossStaysTests
{
    private static readonly TenantSizes s_sizes = new()
    {
        Users = 2,
        MailsPerUser = 6,
        FilesPerUser = 5,
        MaxFileBytes = 60_000,
    };
    private static readonly RetentionOptions s_last = new()
    {
        Force = true,
        Policy = new RetentionSettings
        {
            Preset = RetentionPreset.Custom,
            Keep = new KeepSettings { Last = 1 },
        },
    };

    [Fact]
    public async Task A_held_snapshot_that_vanishes_is_said_though_the_rules_would_have_removed_it()
    {
        await using var scenario = await BackupScenario.StartAsync(s_sizes);
        await scenario.Engine.UpdateConfigurationAsync(
            scenario.Configuration() with
            {
                Retention = new RetentionSettings
                {
                    Preset = RetentionPreset.Custom,
                    Keep = new KeepSettings { Last = 1 },
                },
            },
            default
        );
        var held = (await scenario.RunAsync()).SnapshotId!;
        await scenario.Engine.SetHoldAsync(
            "Test",
            new HoldRequest
            {
                SnapshotId = held,
                Reason = "Streit",
                Author = "Weber",
            },
            scenario,
            default
        );
        for (var night = 0; night < 3; night++)
            Assert.Equal(BackupState.Succeeded, (await NightAsync(scenario)).Status);
        Assert.Equal(2, (await scenario.Engine.GetSnapshotsAsync("Test", scenario, default)).Count);
        File.Delete(scenario.Folder["repository", "snapshots", held]);
        Assert.All(
            new[] { await NightAsync(scenario), await NightAsync(scenario) },
            run =>
            {
                Assert.Equal(BackupState.Partial, run.Status);
                Assert.Contains(run.Notes, note => note.Contains(held[..8], StringComparison.Ordinal));
                Assert.Null(run.Retention);
            }
        );
    }

    [Fact]
    public async Task A_held_snapshot_that_another_program_rewrites_is_held_under_its_new_id()
    {
        await using var scenario = await BackupScenario.StartAsync(s_sizes);
        var held = (await scenario.RunAsync()).SnapshotId!;
        await scenario.Engine.SetHoldAsync(
            "Test",
            new HoldRequest
            {
                SnapshotId = held,
                Reason = "Streit",
                Author = "Weber",
            },
            scenario,
            default
        );
        await NightAsync(scenario);
        scenario.Restic.Run("tag", "--add", "seen", held);
        scenario.Restic.Run("tag", "--add", "again", "--tag", "seen");
        Assert.False(File.Exists(scenario.Folder["repository", "snapshots", held]));
        Assert.Equal(BackupState.Succeeded, (await NightAsync(scenario)).Status);
        var result = await scenario.Engine.RunRetentionAsync("Test", s_last, scenario, scenario, default);
        Assert.Equal((3, 1, 1), (result.Snapshots, result.Removed.Count, result.Held));
        Assert.Contains("again", scenario.Restic.Run("snapshots", "--json"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_snapshot_that_was_changed_before_it_was_held_is_held_when_it_changes_again()
    {
        await using var scenario = await BackupScenario.StartAsync(s_sizes);
        await scenario.RunAsync();
        scenario.Restic.Run("tag", "--add", "seen", "latest");
        var held = (await scenario.Engine.GetSnapshotsAsync("Test", scenario, default))[0].SnapshotId;
        await scenario.Engine.SetHoldAsync(
            "Test",
            new HoldRequest
            {
                SnapshotId = held,
                Reason = "Streit",
                Author = "Weber",
            },
            scenario,
            default
        );
        await NightAsync(scenario);
        scenario.Restic.Run("tag", "--add", "again", held);
        Assert.Equal((0, 1), await RetainedAsync(scenario));
    }

    [Fact]
    public async Task A_snapshot_that_vanished_is_said_night_after_night_and_nothing_is_removed_until_a_repair_takes_it_off_the_list()
    {
        await using var scenario = await BackupScenario.StartAsync(s_sizes);
        await scenario.RunAsync();
        var lost = (await NightAsync(scenario)).SnapshotId!;
        await NightAsync(scenario);
        await NightAsync(scenario);
        var aside = scenario.Folder["aside"];
        File.Move(scenario.Folder["repository", "snapshots", lost], aside);
        for (var night = 0; night < 2; night++)
        {
            var run = await NightAsync(scenario);
            Assert.Equal(BackupState.Partial, run.Status);
            Assert.Contains(run.Notes, note => note.Contains(lost[..8], StringComparison.Ordinal));
        }

        var refused = await Assert.ThrowsAsync<BackupException>(() =>
            scenario.Engine.RunRetentionAsync("Test", s_last, scenario, scenario, default)
        );
        Assert.Equal("RetentionVanished", refused.ErrorId);
        Assert.NotNull(
            (await scenario.Engine.RunRetentionAsync("Test", s_last with { PlanOnly = true }, scenario, scenario, default)).NeedsForce
        );

        // It was on a disk that came back: all of it still exists.
        File.Move(aside, scenario.Folder["repository", "snapshots", lost]);
        Assert.Equal(BackupState.Succeeded, (await NightAsync(scenario)).Status);
        Assert.Contains("no errors were found", scenario.Restic.Run("check", "--read-data"), StringComparison.Ordinal);

        File.Delete(scenario.Folder["repository", "snapshots", lost]);
        Assert.Equal(BackupState.Partial, (await NightAsync(scenario)).Status);
        Assert.Equal(
            lost,
            Assert.Single((await scenario.Engine.RepairAsync("Test", new RepairOptions(), scenario, scenario, default)).MissingSnapshots)
        );
        Assert.Equal(BackupState.Succeeded, (await NightAsync(scenario)).Status);
        Assert.True((await scenario.Engine.RunRetentionAsync("Test", s_last, scenario, scenario, default)).Removed.Count > 2);
    }

    [Fact]
    public async Task A_snapshot_that_was_lost_before_another_machine_listed_is_missed_by_the_one_that_wrote_it()
    {
        await using var scenario = await BackupScenario.StartAsync(s_sizes);
        var elsewhere = scenario.NewEngine("elsewhere");
        await elsewhere.CreateConfigurationAsync(scenario.Configuration(), default);
        await scenario.RunAsync();
        var lost = (await NightAsync(scenario)).SnapshotId!;
        File.Delete(scenario.Folder["repository", "snapshots", lost]);
        await scenario.RunAsync(engine: elsewhere); // It does not know that one.
        var run = await NightAsync(scenario);
        Assert.Equal(BackupState.Partial, run.Status);
        Assert.Contains(run.Notes, note => note.Contains(lost[..8], StringComparison.Ordinal));
        Assert.Equal(BackupState.Partial, (await scenario.RunAsync(engine: elsewhere)).Status);
    }

    [Fact]
    public async Task What_a_run_found_lost_is_found_again_when_it_is_cut_off_after_a_checkpoint()
    {
        await using var scenario = await BackupScenario.StartAsync(s_sizes);
        var lost = (await scenario.RunAsync()).SnapshotId!;
        await NightAsync(scenario);
        File.Delete(scenario.Folder["repository", "snapshots", lost]);
        scenario.Tenant.Change((_, generator) => generator.Change(6));

        // Stopped in the middle: what exists becomes a checkpoint.
        using var cut = new CancellationTokenSource();
        scenario.OnProgress = progress =>
        {
            if (progress.Completed)
                cut.Cancel();
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => scenario.RunAsync(cancellationToken: cut.Token));
        scenario.OnProgress = null;
        Assert.Contains("checkpoint", scenario.Restic.Run("snapshots", "--json"), StringComparison.Ordinal);
        var run = await NightAsync(scenario);
        Assert.Equal(BackupState.Partial, run.Status);
        Assert.Contains(run.Notes, note => note.Contains(lost[..8], StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_index_that_vanishes_while_a_run_is_on_is_noticed_by_that_run()
    {
        await using var scenario = await BackupScenario.StartAsync(s_sizes);
        await scenario.RunAsync();
        var index = Directory.GetFiles(scenario.Folder["repository", "index"]);
        scenario.Tenant.Change((_, generator) => generator.Change(4));
        var left = 12;
        scenario.Tenant.Counters.OnRequest = _ =>
        {
            // When the run requests mails, it holds its lock and has opened the index.
            if (Directory.GetFiles(scenario.Folder["repository", "locks"]).Length > 0 && Interlocked.Decrement(ref left) == 0)
            {
                foreach (var file in index)
                    File.Delete(file);
            }
        };
        var run = await scenario.RunAsync();
        Assert.True(left <= 0);
        Assert.Equal(BackupState.Partial, run.Status);
        scenario.Tenant.Counters.OnRequest = null;
        await Assert.ThrowsAsync<BackupException>(() => NightAsync(scenario));
        Assert.True((await scenario.Engine.RepairAsync("Test", new RepairOptions(), scenario, scenario, default)).PacksRead > 0);
        Assert.Equal(BackupState.Succeeded, (await NightAsync(scenario)).Status);
        Assert.Contains("no errors were found", scenario.Restic.Run("check", "--read-data"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Shortening_the_retention_waits_for_a_storage_that_is_away()
    {
        await using var scenario = await BackupScenario.StartAsync(s_sizes);
        var legal = scenario.Configuration() with { Retention = new RetentionSettings { Preset = RetentionPreset.Legal } };
        await scenario.Engine.UpdateConfigurationAsync(legal, default);
        await scenario.RunAsync();
        Directory.Move(scenario.Folder["repository"], scenario.Folder["away"]);
        var shorter = legal with { Retention = new RetentionSettings { Preset = RetentionPreset.Standard } };
        var refused = await Assert.ThrowsAsync<BackupException>(() =>
            scenario.Engine.ShortenRetentionAsync(shorter, "zu teuer", "Weber", scenario, default)
        );
        Assert.Equal("RepositoryVanished", refused.ErrorId);
        Assert.Equal(RetentionPreset.Legal, (await scenario.Engine.GetConfigurationsAsync("Test", default))[0].Retention!.Preset);
        Directory.Move(scenario.Folder["away"], scenario.Folder["repository"]);
        await scenario.Engine.ShortenRetentionAsync(shorter, "zu teuer", "Weber", scenario, default);
        Assert.Single(await scenario.Engine.GetAuditLogAsync("Test", scenario, default));
    }

    [Fact]
    public async Task A_plan_that_waits_for_a_person_waits_for_more_than_a_night()
    {
        var (truth, computer) = (new JumpingTime(), new JumpingTime());
        await using var scenario = await BackupScenario.StartAsync(
            s_sizes,
            new DemoTenantOptions { Clock = truth.GetUtcNow },
            time: computer
        );
        await scenario.Engine.UpdateConfigurationAsync(
            scenario.Configuration() with
            {
                Retention = new RetentionSettings
                {
                    Preset = RetentionPreset.Custom,
                    Keep = new KeepSettings { Days = 20 },
                },
            },
            default
        );
        void Days(int days)
        {
            truth.Jump(TimeSpan.FromDays(days));
            computer.Jump(TimeSpan.FromDays(days));
        }

        for (var night = 0; night < 8; night++, Days(1))
            await NightAsync(scenario);
        Days(17); // Wrong for some nights, and no other clock knows better.
        for (var night = 0; night < 3; night++, Days(1))
        {
            var run = await NightAsync(scenario);
            Assert.Null(run.Retention);
            Assert.Contains(run.Notes, note => note.Contains("-Force", StringComparison.Ordinal));
        }

        Assert.Equal(11, (await scenario.Engine.GetSnapshotsAsync("Test", scenario, default)).Count);
        Assert.NotEmpty(
            (await scenario.Engine.RunRetentionAsync("Test", new RetentionOptions { Force = true }, scenario, scenario, default)).Removed
        );
        Assert.Equal(BackupState.Succeeded, (await NightAsync(scenario)).Status);
    }

    private static async Task<(int Removed, int Held)> RetainedAsync(BackupScenario scenario)
    {
        var result = await scenario.Engine.RunRetentionAsync("Test", s_last, scenario, scenario, default);
        return (result.Removed.Count, result.Held);
    }

    private static async Task<BackupRun> NightAsync(BackupScenario scenario)
    {
        scenario.Tenant.Change((_, generator) => generator.Change(3));
        return await scenario.RunAsync();
    }
}
