using Microsoft.Extensions.Time.Testing;

namespace KlarKonform.Backup.Engine.Tests;

public sealed class RetentionTests
{
    [Fact]
    public async Task The_newest_complete_snapshot_stays_however_old_it_is()
    {
        await using var scenario = await BackupScenario.StartAsync();
        await scenario.RunAsync();
        scenario.Tenant.Change((_, generator) => generator.Change(5));
        var newest = (await scenario.RunAsync()).SnapshotId;

        var later = new BackupEngine(scenario.Folder["home"], new FakeTimeProvider(DateTimeOffset.UtcNow.AddDays(1000)), Random.Shared);
        var result = await later.RunRetentionAsync("Test", new RetentionOptions { KeepDays = 90 }, scenario, scenario, default);
        Assert.Equal((2, 1), (result.Snapshots, result.Removed.Count));
        Assert.Equal(newest, Assert.Single(await scenario.Engine.GetSnapshotsAsync("Test", scenario, default)).SnapshotId);
        Assert.Contains("no errors were found", scenario.Restic.Run("check", "--read-data"), StringComparison.Ordinal);
        await scenario.AssertSnapshotEqualsTenantAsync();
    }

    [Fact]
    public async Task Snapshots_within_the_days_stay_and_so_do_the_newest_of_a_count()
    {
        await using var scenario = await BackupScenario.StartAsync();
        for (var run = 0; run < 3; run++)
            await scenario.RunAsync();
        var within = new BackupEngine(scenario.Folder["home"], new FakeTimeProvider(DateTimeOffset.UtcNow.AddDays(89)), Random.Shared);
        Assert.Empty((await within.RunRetentionAsync("Test", new RetentionOptions { KeepDays = 90 }, scenario, scenario, default)).Removed);
        var beyond = new BackupEngine(scenario.Folder["home"], new FakeTimeProvider(DateTimeOffset.UtcNow.AddDays(91)), Random.Shared);
        Assert.Single((await beyond.RunRetentionAsync("Test", new RetentionOptions { KeepDays = 90, KeepLast = 2, PlanOnly = true }, scenario, scenario, default)).Removed);
        Assert.Equal(3, (await scenario.Engine.GetSnapshotsAsync("Test", scenario, default)).Count);
    }
}
