using KlarKonform.Backup.DemoTenant.Generation;

namespace KlarKonform.Backup.Engine.Tests.Losses;

/// <summary>Without its audit log a hold still holds: nothing is removed until a person decides, with a reason.</summary>
public sealed class AuditLossTests
{
    private static readonly RetentionOptions s_last = new()
    {
        Policy = new RetentionSettings
        {
            Preset = RetentionPreset.Custom,
            Keep = new KeepSettings { Last = 1 },
        },
        Force = true,
    };

    [Theory]
    [InlineData("home", false)]
    [InlineData("elsewhere", false)]
    [InlineData("home", true)]
    public async Task A_log_that_is_gone_or_shorter_than_backups_say_keeps_everything_until_somebody_decides(string home, bool shorter)
    {
        await using var scenario = await StartAsync();
        if (shorter)
            await scenario.Engine.SetHoldAsync("Test", Why("Erstes"), scenario, default);
        var kept = AuditFiles(scenario);
        await scenario.Engine.SetHoldAsync("Test", Why("Verfahren"), scenario, default);
        await scenario.RunAsync();
        foreach (var file in AuditFiles(scenario).Except(kept))
            File.Delete(file);

        var engine = scenario.NewEngine(home);
        var run = await scenario.RunAsync(engine: engine);
        Assert.Equal(BackupState.Partial, run.Status);
        Assert.Contains(run.Notes, note => note.Contains("Get-KKBackupAuditLog", StringComparison.Ordinal));
        Assert.Equal("AuditLogBroken", await RefusedAsync(() => engine.RunRetentionAsync("Test", s_last, scenario, scenario, default)));
        Assert.Equal("AuditLogBroken", await RefusedAsync(() => engine.GetAuditLogAsync("Test", scenario, default)));
        Assert.Equal("AuditLogBroken", await RefusedAsync(() => engine.SetHoldAsync("Test", Why("Noch eines"), scenario, default)));
        Assert.Equal(5, (await engine.GetSnapshotsAsync("Test", scenario, default)).Count);

        var decided = await engine.AcceptAuditLogAsync("Test", "Kopie fehlt, Verfahren beendet", "Dr. Weber", scenario, default);
        Assert.Equal(("AuditLogAccepted", "Kopie fehlt, Verfahren beendet"), (decided.Action, decided.Reason));
        Assert.Equal("AuditLogSound", await RefusedAsync(() => engine.AcceptAuditLogAsync("Test", "x", "y", scenario, default)));
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync(engine: engine)).Status);
        var removed = await engine.RunRetentionAsync("Test", s_last, scenario, scenario, default);
        Assert.Equal(shorter ? 0 : 5, removed.Removed.Count);
    }

    [Fact]
    public async Task A_hold_that_was_lost_before_any_backup_knew_of_it_is_missed_by_the_machine_that_set_it()
    {
        await using var scenario = await StartAsync();
        await scenario.Engine.SetHoldAsync("Test", Why("Verfahren"), scenario, default);
        foreach (var file in AuditFiles(scenario))
            File.Delete(file);
        Assert.Equal(
            "AuditLogBroken",
            await RefusedAsync(() => scenario.Engine.RunRetentionAsync("Test", s_last, scenario, scenario, default))
        );
    }

    [Fact]
    public async Task A_hold_does_not_become_what_restic_calls_the_latest()
    {
        await using var scenario = await StartAsync();
        for (var hold = 0; hold < 3; hold++)
            await scenario.Engine.SetHoldAsync("Test", Why($"Verfahren {hold}"), scenario, default);
        Assert.Contains("/Mail", scenario.Restic.Run("ls", "latest"), StringComparison.Ordinal);
        Assert.Contains(
            "Verfahren 2",
            scenario.Restic.Run("dump", "--tag", $"audit:{scenario.Configuration().Id}", "latest", "/audit.jsonl"),
            StringComparison.Ordinal
        );
        scenario.Restic.Run("restore", "latest", "--target", scenario.Folder["out"]);
        Assert.Contains("Exchange", Directory.GetFileSystemEntries(scenario.Folder["out"]).Select(Path.GetFileName));
        Assert.Equal(3, (await scenario.Engine.GetAuditLogAsync("Test", scenario, default)).Count);
    }

    private static async Task<BackupScenario> StartAsync()
    {
        var scenario = await BackupScenario.StartAsync(
            new TenantSizes
            {
                Users = 2,
                MailsPerUser = 4,
                FilesPerUser = 3,
                MaxFileBytes = 20_000,
            }
        );
        await scenario.NewEngine("elsewhere").CreateConfigurationAsync(scenario.Configuration(), default);
        for (var night = 0; night < 3; night++)
        {
            await scenario.RunAsync();
            scenario.Tenant.Change((_, generator) => generator.Change(2));
        }

        return scenario;
    }

    private static HoldRequest Why(string reason) => new() { Reason = reason, Author = "Dr. Weber" };

    private static async Task<string> RefusedAsync(Func<Task> action) => (await Assert.ThrowsAsync<BackupException>(action)).ErrorId;

    private static string[] AuditFiles(BackupScenario scenario)
    {
        using var json = System.Text.Json.JsonDocument.Parse(scenario.Restic.Run("snapshots", "--json"));
        return
        [
            .. json
                .RootElement.EnumerateArray()
                .Where(each =>
                    each.TryGetProperty("tags", out var tags)
                    && tags.EnumerateArray().Any(tag => tag.GetString()!.StartsWith("audit:", StringComparison.Ordinal))
                )
                .Select(each => scenario.Folder["repository", "snapshots", each.GetProperty("id").GetString()!]),
        ];
    }
}
