using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;
using System.Xml.Schema;
using CsCheck;
using Microsoft.Extensions.Time.Testing;

namespace KlarKonform.Backup.Engine.Tests;

public sealed partial class ScheduleTests
{
    private static ScheduleRequest Request(string cron, ScheduleMethod method, string zone = "Europe/Berlin") =>
        new()
        {
            Schedule = new ScheduleSettings { Cron = cron, TimeZone = zone },
            Method = method,
            PowerShell = "/usr/bin/env",
            Module = "/opt/module with blank/KlarKonform.Backup.psd1",
            PlanOnly = true,
        };

    // Hours away from the daylight saving change: for that the two tools have rules of their own, which have their own tests.
    private static readonly Gen<string> s_cron = Gen.Select(
        Field(0, 59),
        Field(4, 22),
        Gen.OneOf(Gen.Const("*"), Gen.Const("*"), Field(1, 28)),
        Gen.OneOf(Gen.Const("*"), Gen.Const("*"), Field(1, 12)),
        Gen.OneOf(Gen.Const("*"), Field(0, 6), Gen.Const("MON-FRI"), Gen.Const("5-7")),
        (minute, hour, day, month, weekday) => $"{minute} {hour} {(weekday == "*" ? day : "*")} {month} {weekday}"
    );

    private static Gen<string> Field(int first, int last) =>
        Gen.OneOf(
            Gen.Int[first, last].Select(value => value.ToString(CultureInfo.InvariantCulture)),
            Gen.Select(Gen.Int[first, last], Gen.Int[first, last], (a, b) => $"{Math.Min(a, b)}-{Math.Max(a, b)}"),
            Gen.Select(Gen.Int[first, last], Gen.Int[first, last], (a, b) => $"{a},{b}"),
            Gen.Select(Gen.Int[first, last], Gen.Int[2, 9], (from, step) => $"{from}-{last}/{step}")
        );

    [Fact]
    public async Task Systemd_runs_at_the_moments_that_the_cron_fields_name()
    {
        if (!File.Exists("/usr/bin/systemd-analyze"))
            Assert.Skip("systemd-analyze is not installed here.");
        await using var scenario = await BackupScenario.StartAsync();
        var random = new Random(11);
        for (var round = 0; round < 25; round++)
        {
            var cron = s_cron.Single(_ => true, new PCG((uint)random.Next(), (ulong)random.NextInt64()).ToString());
            var now = new DateTimeOffset(2026, 2, 1, 0, 0, 0, TimeSpan.Zero).AddHours(random.Next(8000));
            var engine = new BackupEngine(scenario.Folder["home"], new FakeTimeProvider(now), Random.Shared);
            var plan = await engine.SetScheduleAsync("Test", Request(cron, ScheduleMethod.Systemd), default);
            var next = Calendar().Matches(plan.Definition).Min(match => NextBySystemd(match.Groups[1].Value, now));
            Assert.True(plan.NextRun == next, $"{cron} after {now:u}: {plan.NextRun:u} by cron, {next:u} by systemd: {plan.Definition}");
        }
    }

    [Fact]
    public async Task The_units_are_what_systemd_itself_accepts_and_carry_every_name_unharmed()
    {
        if (!File.Exists("/usr/bin/systemd-analyze"))
            Assert.Skip("systemd-analyze is not installed here.");
        await using var scenario = await BackupScenario.StartAsync();
        var plan = await scenario.Engine.SetScheduleAsync("Test", Request("0 2 * * 1-5", ScheduleMethod.Systemd), default);
        var parts = plan.Definition.Split("\n\n[Unit]", 2);
        var name = Regex.Match(parts[0], @"Unit=(.*)\.service").Groups[1].Value;
        await File.WriteAllTextAsync(scenario.Folder[name + ".timer"], parts[0] + "\n");
        await File.WriteAllTextAsync(scenario.Folder[name + ".service"], "[Unit]" + parts[1]);
        var (code, output) = Run("systemd-analyze", "verify", scenario.Folder[name + ".timer"], scenario.Folder[name + ".service"]);
        Assert.True(code == 0 && !output.Contains(name, StringComparison.Ordinal), output);
        var script = System.Text.Encoding.Unicode.GetString(
            Convert.FromBase64String(Regex.Match(plan.Definition, "\"-EncodedCommand\" \"([^\"]+)\"").Groups[1].Value)
        );
        Assert.Contains("Start-KKBackup -Name 'Test'", script, StringComparison.Ordinal);
        Assert.Contains($"KLARKONFORM_BACKUP_HOME = '{scenario.Folder["home"]}'", script, StringComparison.Ordinal);
        Assert.Null((await scenario.Engine.GetConfigurationsAsync("Test", default))[0].Schedule); // It was a plan.
    }

    [Fact]
    public async Task Summer_time_skips_nothing_and_doubles_nothing()
    {
        await using var scenario = await BackupScenario.StartAsync();
        async Task<List<DateTimeOffset>> Nights(DateTimeOffset from, int count)
        {
            var nights = new List<DateTimeOffset>();
            for (var now = from; nights.Count < count; now = nights[^1])
                nights.Add(
                    (
                        await new BackupEngine(scenario.Folder["home"], new FakeTimeProvider(now), Random.Shared).SetScheduleAsync(
                            "Test",
                            Request("30 2 * * *", ScheduleMethod.Scheduler),
                            default
                        )
                    )
                        .NextRun!
                        .Value
                );
            return nights;
        }

        // On 2026-03-29 there is no 02:30 in Berlin; on 2026-10-25 there are two.
        Assert.Equal(
            [
                new(2026, 3, 28, 1, 30, 0, TimeSpan.Zero),
                new(2026, 3, 29, 1, 0, 0, TimeSpan.Zero),
                new(2026, 3, 30, 0, 30, 0, TimeSpan.Zero),
            ],
            await Nights(new DateTimeOffset(2026, 3, 28, 0, 0, 0, TimeSpan.Zero), 3)
        );
        Assert.Equal(
            [
                new(2026, 10, 24, 0, 30, 0, TimeSpan.Zero),
                new(2026, 10, 25, 0, 30, 0, TimeSpan.Zero),
                new(2026, 10, 26, 1, 30, 0, TimeSpan.Zero),
            ],
            await Nights(new DateTimeOffset(2026, 10, 24, 0, 0, 0, TimeSpan.Zero), 3)
        );
    }

    [Theory]
    [InlineData("0 2 * * *", 1, "ScheduleByDay")]
    [InlineData("0,30 1,13 * * 1-5", 4, "ScheduleByWeek")]
    [InlineData("15 3 1,15 * *", 1, "ScheduleByMonth")]
    [InlineData("0 4 * */3 0", 2, "ScheduleByMonth")]
    public async Task A_windows_task_is_valid_by_the_task_schedulers_schema(string cron, int triggers, string kind)
    {
        await using var scenario = await BackupScenario.StartAsync();
        if (cron == "0 4 * */3 0")
        {
            // Months together with days of the week cannot be expressed: better none than another schedule.
            Assert.Equal(
                "ScheduleNotExpressible",
                (
                    await Assert.ThrowsAsync<BackupException>(() =>
                        scenario.Engine.SetScheduleAsync(
                            "Test",
                            Request(cron, ScheduleMethod.TaskScheduler, TimeZoneInfo.Local.Id),
                            default
                        )
                    )
                ).ErrorId
            );
            return;
        }

        var task = XDocument
            .Parse(
                (
                    await scenario.Engine.SetScheduleAsync(
                        "Test",
                        Request(cron, ScheduleMethod.TaskScheduler, TimeZoneInfo.Local.Id),
                        default
                    )
                ).Definition
            )
            .Root!;
        var space = task.Name.Namespace;
        var schemas = new XmlSchemaSet();
        using (var schema = XmlReader.Create(Path.Combine(AppContext.BaseDirectory, "task.xsd")))
            schemas.Add(space.NamespaceName, schema);
        List<string> complaints = [];
        task.Document!.Validate(schemas, (_, complaint) => complaints.Add(complaint.Message));
        Assert.Empty(complaints);
        Assert.Equal(triggers, task.Element(space + "Triggers")!.Elements(space + "CalendarTrigger").Count());
        Assert.All(task.Element(space + "Triggers")!.Elements(), trigger => Assert.Equal(kind, trigger.Elements().Last().Name.LocalName));
        Assert.Equal(
            ("IgnoreNew", "true", "PT0S"),
            (
                task.Descendants(space + "MultipleInstancesPolicy").Single().Value,
                task.Descendants(space + "StartWhenAvailable").Single().Value,
                task.Descendants(space + "ExecutionTimeLimit").Single().Value
            )
        );
    }

    [Theory]
    [InlineData("61 2 * * *", "Europe/Berlin", "ScheduleInvalid")]
    [InlineData("gestern", "Europe/Berlin", "ScheduleInvalid")]
    [InlineData("0 2 * * *", "Europe/Entenhausen", "ScheduleZoneUnknown")]
    [InlineData("0 2 L * *", "Europe/Berlin", "ScheduleNotExpressible")]
    [InlineData("0 2 1 * 1", "Europe/Berlin", "ScheduleInvalid")]
    public async Task What_cannot_be_scheduled_is_refused_and_the_configuration_stays_as_it_is(string cron, string zone, string error)
    {
        await using var scenario = await BackupScenario.StartAsync();
        Assert.Equal(
            error,
            (
                await Assert.ThrowsAsync<BackupException>(() =>
                    scenario.Engine.SetScheduleAsync("Test", Request(cron, ScheduleMethod.Systemd, zone) with { PlanOnly = false }, default)
                )
            ).ErrorId
        );
        Assert.Null((await scenario.Engine.GetConfigurationsAsync("Test", default))[0].Schedule);
        Assert.Equal(
            "ScheduleMissing",
            (await Assert.ThrowsAsync<BackupException>(() => scenario.Engine.RemoveScheduleAsync("Test", default))).ErrorId
        );
    }

    [Fact]
    public async Task A_schedule_is_shown_with_its_next_run_suspended_and_taken_away()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 6, 1, 12, 0, 0, TimeSpan.Zero));
        await using var scenario = await BackupScenario.StartAsync(time: time);
        await scenario.Engine.SetScheduleAsync("Test", Request("0 2 * * *", ScheduleMethod.Scheduler) with { PlanOnly = false }, default);
        Assert.Equal(
            new DateTimeOffset(2026, 6, 2, 0, 0, 0, TimeSpan.Zero),
            (await scenario.Engine.GetStatusAsync("Test", default)).NextRun
        );
        Assert.Null((await scenario.Engine.DisableScheduleAsync("Test", default)).NextRun);
        Assert.Null((await scenario.Engine.GetStatusAsync("Test", default)).NextRun);
        await scenario.Engine.EnableScheduleAsync("Test", default);
        await scenario.Engine.RemoveScheduleAsync("Test", default);
        Assert.Null((await scenario.Engine.GetConfigurationsAsync("Test", default))[0].Schedule);
    }

    [Fact]
    public async Task Three_days_in_a_container_run_every_night_make_up_what_was_missed_once_and_end_cleanly()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 6, 1, 12, 0, 0, TimeSpan.Zero));
        await using var scenario = await BackupScenario.StartAsync(
            new DemoTenant.Generation.TenantSizes
            {
                Users = 1,
                MailsPerUser = 2,
                FilesPerUser = 1,
                MaxFileBytes = 1000,
            },
            time: time
        );
        await scenario.RunAsync();
        await scenario.Engine.SetScheduleAsync("Test", Request("0 2 * * *", ScheduleMethod.Scheduler) with { PlanOnly = false }, default);

        // Nothing ran for three nights: one run makes up for all of them.
        time.Advance(TimeSpan.FromDays(3));
        var ended = new System.Collections.Concurrent.ConcurrentQueue<DateTimeOffset>();
        using var stop = new CancellationTokenSource();
        var scheduler = scenario.Engine.RunSchedulerAsync(
            new SchedulerOptions { HealthPath = scenario.Folder["health.json"], Ended = run => ended.Enqueue(run.Started) },
            scenario,
            scenario,
            stop.Token
        );
        var until = time.GetUtcNow().AddDays(3);
        while (time.GetUtcNow() < until)
        {
            var before = ended.Count;
            await WaitUntilIdleAsync(scenario, () => ended.Count > before);
            time.Advance(TimeSpan.FromMinutes(20));
        }

        await WaitUntilIdleAsync(scenario, () => false);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => scheduler);
        Assert.Equal(4, ended.Count);
        Assert.Equal([0, 0, 0], ended.Skip(1).Select(started => started.UtcDateTime.Hour));
        using var health = JsonDocument.Parse(await File.ReadAllTextAsync(scenario.Folder["health.json"]));
        Assert.True(health.RootElement.GetProperty("healthy").GetBoolean());
        Assert.Equal("Succeeded", health.RootElement.GetProperty("configurations")[0].GetProperty("last").GetString());
        Assert.False(health.RootElement.GetProperty("configurations")[0].GetProperty("running").GetBoolean());
    }

    [Fact]
    public async Task A_schedule_that_several_machines_share_says_so_to_whoever_starts_the_run()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 6, 1, 12, 0, 0, TimeSpan.Zero));
        await using var scenario = await BackupScenario.StartAsync(
            new DemoTenant.Generation.TenantSizes
            {
                Users = 2,
                MailsPerUser = 2,
                FilesPerUser = 1,
                MaxFileBytes = 1000,
            },
            time: time
        );
        var request = Request("0 2 * * *", ScheduleMethod.Crontab);
        request = request with { Schedule = request.Schedule with { ShardCount = 3 } };
        var plan = await scenario.Engine.SetScheduleAsync("Test", request, default);
        Assert.Equal(3, plan.ShardCount);
        var script = System.Text.Encoding.Unicode.GetString(
            Convert.FromBase64String(Regex.Match(plan.Definition, "-EncodedCommand ([A-Za-z0-9+/=]+)").Groups[1].Value)
        );
        Assert.Contains("Start-KKBackup -Name 'Test' -ShardCount 3 -ErrorAction", script, StringComparison.Ordinal);
        foreach (var count in (int[])[0, BackupOptions.MaxShards + 1])
            Assert.Equal(
                "ShardCountInvalid",
                (
                    await Assert.ThrowsAsync<BackupException>(() =>
                        scenario.Engine.SetScheduleAsync(
                            "Test",
                            request with
                            {
                                Schedule = request.Schedule with { ShardCount = count },
                            },
                            default
                        )
                    )
                ).ErrorId
            );

        // The scheduler in the foreground, too.
        await scenario.Engine.SetScheduleAsync("Test", request with { Method = ScheduleMethod.Scheduler, PlanOnly = false }, default);
        await scenario.Engine.DisableScheduleAsync("Test", default);
        Assert.Equal(3, (await scenario.Engine.EnableScheduleAsync("Test", default)).ShardCount);
        using var stop = new CancellationTokenSource();
        var ended = new TaskCompletionSource<BackupRun>(TaskCreationOptions.RunContinuationsAsynchronously);
        var scheduler = scenario.Engine.RunSchedulerAsync(
            new SchedulerOptions { Ended = run => ended.TrySetResult(run) },
            scenario,
            scenario,
            stop.Token
        );
        while (!ended.Task.IsCompleted && !scheduler.IsCompleted)
        {
            time.Advance(TimeSpan.FromMinutes(20));
            await WaitUntilIdleAsync(scenario, () => ended.Task.IsCompleted);
        }

        Assert.Equal(BackupState.Succeeded, (await ended.Task).Status);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => scheduler);
        Assert.Contains("merged:3-", scenario.Restic.Run("snapshots", "--json", "--no-lock"), StringComparison.Ordinal);
    }

    // Real time for the engine's real work: until no run is active.
    internal static async Task WaitUntilIdleAsync(BackupScenario scenario, Func<bool> ended)
    {
        await Task.Delay(8);
        for (var i = 0; i < 2000 && !ended() && (await scenario.Engine.GetStatusAsync("Test", default)).Status == BackupState.Running; i++)
            await Task.Delay(5);
    }

    private static DateTimeOffset NextBySystemd(string expression, DateTimeOffset now)
    {
        var (code, output) = Run(
            "systemd-analyze",
            "calendar",
            "--iterations=1",
            $"--base-time={now.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC",
            expression
        );
        Assert.True(code == 0, output);
        var utc = Regex.Match(output, @"\(in UTC\): \w+ (\S+ \S+) UTC");
        var local = Regex.Match(output, @"Next elapse: \w+ (\S+ \S+) UTC");
        return DateTimeOffset.Parse(
            (utc.Success ? utc : local).Groups[1].Value,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal
        );
    }

    private static (int Code, string Output) Run(string program, params string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true }
        )!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.Result);
    }

    [GeneratedRegex("OnCalendar=(.*)")]
    private static partial Regex Calendar();
}
