using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Engine.Tests.Losses;

/// <summary>A clock that is wrong for one night costs no history, whether that can be detected or not.</summary>
public sealed class ClockTests
{
    private readonly JumpingTime _truth = new();
    private readonly JumpingTime _computer = new();

    [Theory]
    [InlineData(120)]
    [InlineData(25)]
    [InlineData(-40)]
    public async Task A_computer_whose_clock_is_days_off_dates_by_Microsofts_and_removes_nothing(int days)
    {
        await using var scenario = await StartAsync(
            new RetentionSettings
            {
                Preset = RetentionPreset.Custom,
                Keep = new KeepSettings { Daily = 30 },
            }
        );
        for (var night = 0; night < 4; night++)
            await NightAsync(scenario);
        _computer.Jump(TimeSpan.FromDays(days));
        var wrong = await NightAsync(scenario);
        Assert.Equal((BackupState.Partial, null), (wrong.Status, wrong.Retention));
        Assert.Contains(
            wrong.Notes,
            note =>
                note.Contains((Math.Abs(days) * 1440).ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal)
        );
        var newest = (await scenario.Engine.GetSnapshotsAsync("Test", scenario, default))[^1];
        Assert.Equal(_truth.GetUtcNow(), newest.Time, TimeSpan.FromHours(1));
        _computer.Jump(TimeSpan.FromDays(-days));
        for (var night = 0; night < 3; night++)
            Assert.Equal(BackupState.Succeeded, (await NightAsync(scenario)).Status);
        Assert.Equal(8, (await scenario.Engine.GetSnapshotsAsync("Test", scenario, default)).Count);
        await scenario.AssertSnapshotEqualsTenantAsync();
    }

    [Fact]
    public async Task A_gap_that_only_a_clock_could_make_waits_for_a_person_even_when_nobody_knows_better()
    {
        await using var scenario = await StartAsync(new RetentionSettings { Preset = RetentionPreset.Standard });
        for (var night = 0; night < 5; night++)
            await NightAsync(scenario);

        // Microsoft's clock too, or a gateway in front of it: for example a test bench that was moved as a whole.
        Both(120);
        var ahead = await NightAsync(scenario);
        Assert.Null(ahead.Retention);
        Assert.Contains(ahead.Notes, note => note.Contains("-Force", StringComparison.Ordinal));
        Assert.Equal(6, (await scenario.Engine.GetSnapshotsAsync("Test", scenario, default)).Count);

        // Right again: the snapshot from the future takes the place of no other day, and the next ones are not counted from it.
        Both(-120);
        for (var night = 0; night < 3; night++)
            await NightAsync(scenario);
        var snapshots = await scenario.Engine.GetSnapshotsAsync("Test", scenario, default);
        Assert.Equal(9, snapshots.Count);
        Assert.Equal(_truth.GetUtcNow(), snapshots[^1].Time, TimeSpan.FromHours(1));
        var plan = await scenario.Engine.RunRetentionAsync("Test", new RetentionOptions { PlanOnly = true }, scenario, scenario, default);
        Assert.Contains(plan.Decisions, decision => decision.Reasons.Contains("future"));
        Assert.Empty(plan.Removed);
        await scenario.AssertSnapshotEqualsTenantAsync();
    }

    [Fact]
    public async Task More_than_half_of_the_snapshots_go_only_when_somebody_says_so()
    {
        await using var scenario = await StartAsync(null);
        for (var night = 0; night < 6; night++)
            await NightAsync(scenario);
        var options = new RetentionOptions
        {
            Policy = new RetentionSettings
            {
                Preset = RetentionPreset.Custom,
                Keep = new KeepSettings { Last = 1 },
            },
        };
        var plan = await scenario.Engine.RunRetentionAsync("Test", options with { PlanOnly = true }, scenario, scenario, default);
        Assert.Equal(5, plan.Removed.Count);
        Assert.Contains("-Force", plan.NeedsForce, StringComparison.Ordinal);
        var refused = await Assert.ThrowsAsync<BackupException>(() =>
            scenario.Engine.RunRetentionAsync("Test", options, scenario, scenario, default)
        );
        Assert.Equal("RetentionNeedsForce", refused.ErrorId);
        Assert.Equal(6, (await scenario.Engine.GetSnapshotsAsync("Test", scenario, default)).Count);
        Assert.Equal(
            5,
            (await scenario.Engine.RunRetentionAsync("Test", options with { Force = true }, scenario, scenario, default)).Removed.Count
        );
        Assert.Contains("no errors were found", scenario.Restic.Run("check", "--read-data"), StringComparison.Ordinal);
    }

    private async Task<BackupScenario> StartAsync(RetentionSettings? retention)
    {
        var scenario = await BackupScenario.StartAsync(
            new TenantSizes
            {
                Users = 2,
                MailsPerUser = 4,
                FilesPerUser = 3,
                MaxFileBytes = 20_000,
            },
            new DemoTenantOptions { Clock = _truth.GetUtcNow },
            time: _computer
        );
        await scenario.Engine.UpdateConfigurationAsync(scenario.Configuration() with { Retention = retention }, default);
        return scenario;
    }

    private async Task<BackupRun> NightAsync(BackupScenario scenario)
    {
        Both(1);
        scenario.Tenant.Change((_, generator) => generator.Change(2));
        return await scenario.RunAsync();
    }

    private void Both(int days)
    {
        _truth.Jump(TimeSpan.FromDays(days));
        _computer.Jump(TimeSpan.FromDays(days));
    }
}
