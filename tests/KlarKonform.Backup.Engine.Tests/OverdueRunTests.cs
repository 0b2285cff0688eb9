using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using KlarKonform.Backup.DemoTenant.Generation;
using Microsoft.Extensions.Time.Testing;

namespace KlarKonform.Backup.Engine.Tests;

/// <summary>A run that is still active does not make the next one fail, until it has lasted longer than its schedule's interval.</summary>
public sealed class OverdueRunTests
{
    private static readonly TenantSizes s_sizes = new()
    {
        Users = 1,
        MailsPerUser = 2,
        FilesPerUser = 1,
        MaxFileBytes = 1000,
    };

    [Theory]
    [InlineData("0 2 * * *", 1, "AlreadyRunning")]
    [InlineData("0 2 * * *", 23.5, "AlreadyRunning")]
    [InlineData("0 2 * * *", 23.95, "RunOverdue")]
    [InlineData("0 2 * * *", 60, "RunOverdue")]
    [InlineData("0 * * * *", 0.5, "AlreadyRunning")]
    [InlineData("0 * * * *", 1.5, "RunOverdue")]
    [InlineData("0 3 1 * *", 60, "AlreadyRunning")]
    [InlineData(null, 6000, "AlreadyRunning")]
    public async Task A_run_beside_another_is_refused_with_an_error_of_its_own_when_that_one_is_older_than_the_interval(
        string? cron,
        double hours,
        string error
    )
    {
        await using var scenario = await BackupScenario.StartAsync(s_sizes);
        await scenario.RunAsync();
        if (cron is not null)
            await ScheduleAsync(scenario, cron);
        await using var running = await RunningSinceAsync(scenario, hours);
        var refusal = await Assert.ThrowsAsync<BackupException>(() => scenario.RunAsync());
        Assert.Equal(error, refusal.ErrorId);
        Assert.False(error == "RunOverdue" && refusal.ErrorId.StartsWith("AlreadyRunning", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_a_word_in_the_journal_the_claims_own_age_decides()
    {
        await using var scenario = await BackupScenario.StartAsync(s_sizes);
        await scenario.RunAsync();
        await ScheduleAsync(scenario, "0 2 * * *");
        await using var running = await RunningSinceAsync(scenario, 1);
        var folder = Directory.GetDirectories(scenario.Folder["home", "runs"]).Single();
        foreach (var file in Directory.EnumerateFiles(folder, "*.json"))
            File.Delete(file);
        File.SetLastWriteTimeUtc(running.SafeFileHandle, DateTime.UtcNow.AddHours(-30));
        Assert.Equal("RunOverdue", (await Assert.ThrowsAsync<BackupException>(() => scenario.RunAsync())).ErrorId);
    }

    [Fact]
    public async Task People_are_told_once_of_each_run_that_hangs()
    {
        await using var scenario = await BackupScenario.StartAsync(s_sizes);
        await using var hook = new NotificationTests.Hook();
        scenario.Secrets["hook"] = hook.Address;
        await scenario.RunAsync();
        await scenario.Engine.UpdateConfigurationAsync(
            scenario.Configuration() with
            {
                Notification = new NotificationSettings { Webhook = "vault/hook" },
            },
            default
        );
        await ScheduleAsync(scenario, "0 2 * * *");
        await using (await RunningSinceAsync(scenario, 30))
        {
            await Assert.ThrowsAsync<BackupException>(() => scenario.RunAsync());
            await Assert.ThrowsAsync<BackupException>(() => scenario.RunAsync());
            var told = Assert.Single(hook.Received);
            Assert.Equal(("RunOverdue", "Test"), (told.GetProperty("status").GetString(), told.GetProperty("configuration").GetString()));
            Assert.Contains("Test", told.GetProperty("text").GetString(), StringComparison.Ordinal);
        }

        await using var another = await RunningSinceAsync(scenario, 40);
        await Assert.ThrowsAsync<BackupException>(() => scenario.RunAsync());
        Assert.Equal(2, hook.Received.Count);
    }

    [Fact]
    public async Task The_scheduler_in_the_foreground_is_not_healthy_while_a_run_hangs_and_goes_on()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var scenario = await BackupScenario.StartAsync(s_sizes, time: time);
        await scenario.RunAsync();
        await ScheduleAsync(scenario, "0 * * * *");
        await using var running = await RunningSinceAsync(scenario, 30);
        using var stop = new CancellationTokenSource();
        var scheduler = scenario.Engine.RunSchedulerAsync(
            new SchedulerOptions { HealthPath = scenario.Folder["health.json"] },
            scenario,
            scenario,
            stop.Token
        );
        var isOverdue = false;
        for (var i = 0; i < 2000 && !isOverdue && !scheduler.IsCompleted; i++)
        {
            time.Advance(TimeSpan.FromMinutes(1));
            await Task.Delay(5);
            using var health = JsonDocument.Parse(
                File.Exists(scenario.Folder["health.json"])
                    ? await File.ReadAllTextAsync(scenario.Folder["health.json"])
                    : """{ "healthy": true, "configurations": [] }"""
            );
            isOverdue =
                health.RootElement.GetProperty("configurations").EnumerateArray().Any(each => each.GetProperty("overdue").GetBoolean())
                && !health.RootElement.GetProperty("healthy").GetBoolean();
        }

        Assert.True(isOverdue);
        Assert.False(scheduler.IsCompleted);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => scheduler);
    }

    [Fact]
    public async Task What_the_system_starts_ends_with_3_then_and_systemd_takes_that_for_no_success()
    {
        await using var scenario = await BackupScenario.StartAsync(s_sizes);
        var plan = await scenario.Engine.SetScheduleAsync(
            "Test",
            Request("0 2 * * *") with
            {
                Method = ScheduleMethod.Systemd,
                PlanOnly = true,
            },
            default
        );
        Assert.Matches("(?m)^SuccessExitStatus=1$", plan.Definition);
        var script = System.Text.Encoding.Unicode.GetString(
            Convert.FromBase64String(Regex.Match(plan.Definition, "\"-EncodedCommand\" \"([^\"]+)\"").Groups[1].Value)
        );
        Assert.Contains("'RunOverdue*') { exit 3 }", script, StringComparison.Ordinal);
        Assert.Contains("'AlreadyRunning*') { exit 0 }", script, StringComparison.Ordinal);
    }

    private static ScheduleRequest Request(string cron) =>
        new()
        {
            Schedule = new ScheduleSettings { Cron = cron, TimeZone = "Etc/UTC" },
            Method = ScheduleMethod.Scheduler,
            PowerShell = "/usr/bin/pwsh",
            Module = "/opt/m.psd1",
        };

    private static Task<BackupSchedule> ScheduleAsync(BackupScenario scenario, string cron) =>
        scenario.Engine.SetScheduleAsync("Test", Request(cron), default);

    // Another process is running: it holds the claim, and its journal says since when.
    private static async Task<FileStream> RunningSinceAsync(BackupScenario scenario, double hours)
    {
        var folder = Directory.GetDirectories(scenario.Folder["home", "runs"]).Single();
        var file = Directory.EnumerateFiles(folder, "*.json").Max(StringComparer.Ordinal)!;
        var json = JsonNode.Parse(await File.ReadAllTextAsync(file))!.AsObject();
        (json["status"], json["started"]) = ("Running", DateTimeOffset.UtcNow.AddHours(-hours).ToString("O"));
        await File.WriteAllTextAsync(file, json.ToJsonString());
        return new FileStream(Path.Combine(folder, "running.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
    }
}
