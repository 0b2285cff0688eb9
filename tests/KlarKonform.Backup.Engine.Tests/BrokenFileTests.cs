using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using KlarKonform.Backup.DemoTenant.Generation;
using Microsoft.Extensions.Time.Testing;

namespace KlarKonform.Backup.Engine.Tests;

/// <summary>A configuration or a run in the journal that cannot be read is one error, and hides nothing else.</summary>
public sealed class BrokenFileTests
{
    private static readonly TenantSizes s_sizes = new()
    {
        Users = 1,
        MailsPerUser = 2,
        FilesPerUser = 1,
        MaxFileBytes = 1000,
    };

    [Theory]
    [InlineData("{ \"version\": 1, ")]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [InlineData("{}")]
    [InlineData(
        "{ \"version\": 1, \"id\": \"aaaaaaaa-0000-0000-0000-000000000009\", \"name\": null, \"tenant\": null, \"sources\": "
            + "null, \"target\": null, \"repository\": null }"
    )]
    public async Task A_configuration_that_cannot_be_read_is_one_error_the_others_are_listed_and_it_can_be_removed(string content)
    {
        await using var scenario = await BackupScenario.StartAsync(s_sizes);
        var file = scenario.Folder["home", "configurations", "Broken.json"];
        await File.WriteAllTextAsync(file, content);
        var found = await scenario.Engine.ListConfigurationsAsync("*", default);
        Assert.Equal("Test", Assert.Single(found.Configurations).Name);
        var problem = Assert.Single(found.Problems);
        Assert.StartsWith("Configuration", problem.ErrorId, StringComparison.Ordinal);

        var reported = await scenario.Engine.ExportReportAsync(new ReportRequest { Path = scenario.Folder["report.html"] }, default);
        Assert.Single(reported);
        var page = await File.ReadAllTextAsync(scenario.Folder["report.html"]);
        Assert.Contains(">Test</a>", page, StringComparison.Ordinal);
        Assert.Contains("Broken", page, StringComparison.Ordinal);
        await scenario.Engine.RemoveConfigurationAsync("Broken", default);
        Assert.False(File.Exists(file));
        Assert.Empty((await scenario.Engine.ListConfigurationsAsync("*", default)).Problems);
    }

    [Theory]
    [InlineData("\"whatsApp\": { \"exports\": [null] }")]
    [InlineData("\"mail\": { \"include\": 7 }")]
    [InlineData("\"mail\": \"all\"")]
    public async Task Odd_values_inside_are_that_configurations_error_with_its_place(string odd)
    {
        await using var scenario = await BackupScenario.StartAsync(s_sizes);
        var json = await File.ReadAllTextAsync(scenario.Folder["home", "configurations", "Test.json"]);
        await File.WriteAllTextAsync(
            scenario.Folder["home", "configurations", "Odd.json"],
            json.Replace("\"mail\": {", $"{odd}, \"calendar\": {{", StringComparison.Ordinal)
        );
        var found = await scenario.Engine.ListConfigurationsAsync("*", default);
        Assert.Single(found.Configurations);
        var problem = Assert.Single(found.Problems);
        Assert.Equal("ConfigurationInvalid", problem.ErrorId);
        Assert.Contains("Odd", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_line_of_a_mistake_is_counted_as_editors_count()
    {
        await using var scenario = await BackupScenario.StartAsync(s_sizes);
        await File.WriteAllTextAsync(scenario.Folder["home", "configurations", "Broken.json"], "{\n  \"version\": 1,\n  \"id\": 5\n}");
        var problem = Assert.Single((await scenario.Engine.ListConfigurationsAsync("*", default)).Problems);
        Assert.Contains("3", problem.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("LineNumber", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Removing_a_broken_copy_leaves_the_history_of_the_one_that_it_was_copied_from()
    {
        await using var scenario = await BackupScenario.StartAsync(s_sizes);
        await scenario.RunAsync();
        var json = await File.ReadAllTextAsync(scenario.Folder["home", "configurations", "Test.json"]);
        await File.WriteAllTextAsync(
            scenario.Folder["home", "configurations", "Copy.json"],
            json.Replace("\"Folder\"", "\"Tape\"", StringComparison.Ordinal)
        );
        await scenario.Engine.RemoveConfigurationAsync("Copy", default);
        Assert.Equal(BackupState.Succeeded, (await scenario.Engine.GetStatusAsync("Test", default)).Status);
    }

    [Fact]
    public async Task The_scheduler_runs_the_others_names_a_broken_file_once_and_is_not_healthy()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(DateTime.UtcNow.Year, 6, 1, 12, 0, 0, TimeSpan.Zero));
        await using var scenario = await BackupScenario.StartAsync(s_sizes, time: time);
        await scenario.Engine.SetScheduleAsync(
            "Test",
            new ScheduleRequest
            {
                Schedule = new ScheduleSettings { Cron = "0 * * * *", TimeZone = "Etc/UTC" },
                Method = ScheduleMethod.Scheduler,
                PowerShell = "pwsh",
                Module = "m",
            },
            default
        );
        await File.WriteAllTextAsync(scenario.Folder["home", "configurations", "Broken.json"], "{");
        using var stop = new CancellationTokenSource();
        var ended = new TaskCompletionSource<BackupRun>(TaskCreationOptions.RunContinuationsAsynchronously);
        var scheduler = scenario.Engine.RunSchedulerAsync(
            new SchedulerOptions { HealthPath = scenario.Folder["health.json"], Ended = run => ended.TrySetResult(run) },
            scenario,
            scenario,
            stop.Token
        );
        while (!ended.Task.IsCompleted && !scheduler.IsCompleted)
        {
            time.Advance(TimeSpan.FromMinutes(1));

            // The limits for answers use the same clock: while a run is active, no time passes.
            await ScheduleTests.WaitUntilIdleAsync(scenario, () => ended.Task.IsCompleted);
        }

        Assert.Equal(BackupState.Succeeded, (await ended.Task).Status);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => scheduler);
        Assert.Single(scenario.Warnings, warning => warning.Contains("Broken", StringComparison.Ordinal));
        using var health = JsonDocument.Parse(await File.ReadAllTextAsync(scenario.Folder["health.json"]));
        Assert.False(health.RootElement.GetProperty("healthy").GetBoolean());
        Assert.Contains("Broken", health.RootElement.GetProperty("unreadable")[0].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Odd_runs_in_the_journal_are_passed_over_with_a_warning_and_hide_no_other()
    {
        await using var scenario = await BackupScenario.StartAsync(s_sizes);
        var run = await scenario.RunAsync();
        var folder = Path.GetDirectoryName(
            Directory.EnumerateFiles(scenario.Folder["home", "runs"], "*.json", SearchOption.AllDirectories).Single()
        )!;
        var good = await File.ReadAllTextAsync(Directory.EnumerateFiles(folder, "*.json").Single());
        var odd = new[]
        {
            "",
            "null",
            "[]",
            "7",
            good[..(good.Length / 2)],
            "\0\0\0\0",
            With(good, "status", "Frobnicated"),
            With(good, "resources", 7),
            With(good, "itemsDownloaded", "many"),
            With(good, "configuration", null),
            With(good, "started", "yesterday"),
            good.Replace("\"succeeded\"", "\"?\"", StringComparison.OrdinalIgnoreCase),
            new string('[', 100_000),
        };
        for (var i = 0; i < odd.Length; i++)
            await File.WriteAllTextAsync(
                Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"9{i:000}0101-000000-000-{Guid.NewGuid():N}.json")),
                odd[i]
            );

        var status = await scenario.Engine.GetStatusAsync("Test", default);
        Assert.Equal((BackupState.Succeeded, run.RunId), (status.Status, status.RunId!.Value));
        Assert.Equal(odd.Length, status.Problems.Count);
        var runs = new List<BackupRun>();
        await foreach (var each in scenario.Engine.GetRunsAsync("Test", scenario, default))
            runs.Add(each);
        Assert.Equal(run.RunId, Assert.Single(runs).RunId);
        Assert.Equal(odd.Length, scenario.Warnings.Count);
        await scenario.Engine.ExportReportAsync(new ReportRequest { Path = scenario.Folder["report.html"] }, default);
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync()).Status);
    }

    [Fact]
    public async Task A_run_with_gaps_and_extreme_dates_is_shown_as_far_as_it_goes()
    {
        await using var scenario = await BackupScenario.StartAsync(s_sizes);
        await scenario.RunAsync();
        var file = Directory.EnumerateFiles(scenario.Folder["home", "runs"], "*.json", SearchOption.AllDirectories).Single();
        var json = JsonNode.Parse(await File.ReadAllTextAsync(file))!.AsObject();
        foreach (var list in (string[])["resources", "failures", "retryList", "notes", "current"])
            json[list] =
                list == "resources"
                    ? new JsonArray(
                        null,
                        new JsonObject
                        {
                            ["kind"] = "Mail",
                            ["name"] = "a",
                            ["status"] = 77,
                        },
                        new JsonObject
                        {
                            ["kind"] = null,
                            ["name"] = null,
                            ["status"] = "Failed",
                        }
                    )
                    : null;
        json["hostName"] = null;
        json["verification"] = new JsonObject { ["mismatches"] = null, ["problems"] = new JsonArray(null, null) };
        json["retention"] = new JsonObject
        {
            ["configuration"] = "Test",
            ["executed"] = true,
            ["snapshots"] = 1,
            ["removed"] = null,
            ["packsDeleted"] = 0,
            ["packsRepacked"] = 0,
            ["bytesRemoved"] = 0,
            ["bytesRepacked"] = 0,
            ["bytesFreed"] = 0,
        };
        foreach (var moment in (string[])["0001-01-01T00:00:00Z", "1601-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
        {
            (json["started"], json["ended"], json["updated"]) = (moment, "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z");
            await File.WriteAllTextAsync(
                Path.Combine(Path.GetDirectoryName(file)!, $"{moment[..4]}0101-000000-000-{Guid.NewGuid():N}.json"),
                json.ToJsonString()
            );
        }

        Assert.NotNull((await scenario.Engine.GetStatusAsync("Test", default)).LastRun);
        Assert.Empty(
            await scenario.Engine.ExportReportAsync(new ReportRequest { Path = scenario.Folder["report.html"], Days = 400 }, default)
        );
        Assert.Contains("<section", await File.ReadAllTextAsync(scenario.Folder["report.html"]), StringComparison.Ordinal);
        var runs = 0;
        await foreach (var run in scenario.Engine.GetRunsAsync("Test", scenario, default))
            runs += run.Resources.Count >= 0 ? 1 : 0;
        Assert.Equal(4, runs);
    }

    private static string With(string json, string property, object? value)
    {
        var node = JsonNode.Parse(json)!.AsObject();
        node[property] = value is null ? null : JsonValue.Create(value);
        return node.ToJsonString();
    }
}
