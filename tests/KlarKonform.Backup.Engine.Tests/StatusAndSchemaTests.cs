using System.Text.Json;
using Json.Schema;

namespace KlarKonform.Backup.Engine.Tests;

public sealed class StatusAndSchemaTests
{
    [Fact]
    public async Task A_written_configuration_obeys_the_published_schema_and_a_broken_one_does_not()
    {
        await using var scenario = await BackupScenario.StartAsync();
        var schema = JsonSchema.FromText(await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "configuration.schema.json")));
        var json = await File.ReadAllTextAsync(scenario.Folder["home", "configurations", "Test.json"]);
        Assert.True(schema.Evaluate(JsonDocument.Parse(json).RootElement).IsValid, json);
        Assert.False(
            schema.Evaluate(JsonDocument.Parse(json.Replace("\"Folder\"", "\"Tape\"", StringComparison.Ordinal)).RootElement).IsValid
        );
        Assert.False(
            schema.Evaluate(JsonDocument.Parse(json.Replace("vault/graph", "graph", StringComparison.Ordinal)).RootElement).IsValid
        );
    }

    [Fact]
    public async Task The_status_goes_from_Pending_over_Running_to_Succeeded_and_a_second_run_beside_it_is_refused()
    {
        await using var scenario = await BackupScenario.StartAsync();
        Assert.Equal(BackupState.Pending, (await scenario.Engine.GetStatusAsync("Test", default)).Status);
        BackupState? during = null;
        Exception? second = null;
        scenario.OnProgress = progress =>
        {
            if (progress.Resource is null || during is not null)
                return;
            during = scenario.Engine.GetStatusAsync("Test", default).GetAwaiter().GetResult().Status;
            second = Record.Exception(() => scenario.RunAsync().GetAwaiter().GetResult());
        };
        await scenario.RunAsync();
        Assert.Equal(BackupState.Running, during);
        Assert.Equal("AlreadyRunning", Assert.IsType<BackupException>(second).ErrorId);
        var status = await scenario.Engine.GetStatusAsync("Test", default);
        Assert.Equal((BackupState.Succeeded, true), (status.Status, status.Verified));
    }

    [Fact]
    public async Task A_run_whose_process_is_gone_counts_as_failed_and_the_next_one_goes_ahead()
    {
        await using var scenario = await BackupScenario.StartAsync();
        await scenario.RunAsync();
        var journal = Directory.EnumerateFiles(scenario.Folder["home", "runs"], "*.json", SearchOption.AllDirectories).Single();
        var json = (await File.ReadAllTextAsync(journal))
            .Replace("\"Succeeded\"", "\"Running\"", StringComparison.Ordinal)
            .Replace($"\"processId\": {Environment.ProcessId}", "\"processId\": 2147483600", StringComparison.Ordinal);
        await File.WriteAllTextAsync(journal, json);
        var status = await scenario.Engine.GetStatusAsync("Test", default);
        Assert.Equal(BackupState.Failed, status.Status);
        Assert.NotNull(status.Error);
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync()).Status);
    }

    [Fact]
    public async Task A_damaged_pack_is_found_by_the_integrity_check_and_by_the_next_runs_verification()
    {
        await using var scenario = await BackupScenario.StartAsync();
        await scenario.RunAsync();
        scenario.Tenant.Change(
            (model, generator) =>
            {
                foreach (var user in model.Users.Where(user => user.Mailbox is not null))
                {
                    generator.AddMessage(user);
                    generator.AddFile(user.Drive!, user.Drive!.Root, "neu.txt", 100);
                }
            }
        );
        await scenario.RunAsync();
        Assert.True(
            (await scenario.Engine.TestIntegrityAsync("Test", new IntegrityOptions { ReadData = true }, scenario, scenario, default)).Passed
        );
        var pack = Directory
            .EnumerateFiles(scenario.Folder["repository", "data"], "*", SearchOption.AllDirectories)
            .MaxBy(file => new FileInfo(file).Length)!;
        var bytes = await File.ReadAllBytesAsync(pack);
        bytes[1000] ^= 1;
        await File.WriteAllBytesAsync(pack, bytes);
        Assert.True((await scenario.Engine.TestIntegrityAsync("Test", new IntegrityOptions(), scenario, scenario, default)).Passed);
        var report = await scenario.Engine.TestIntegrityAsync(
            "Test",
            new IntegrityOptions { ReadData = true },
            scenario,
            scenario,
            default
        );
        Assert.False(report.Passed);
        Assert.Contains(Path.GetFileName(pack), string.Join(' ', report.Problems), StringComparison.Ordinal);

        // The state of the last run is in a newer pack, so an unchanged run gets as far as its verification.
        File.Delete(pack);
        var run = await scenario.RunAsync();
        Assert.Equal((BackupState.Partial, false), (run.Status, run.Verified));
        Assert.NotEmpty(run.Notes);
    }

    [Fact]
    public async Task A_repository_that_lost_its_newest_packs_is_called_damaged_and_nothing_is_written()
    {
        await using var scenario = await BackupScenario.StartAsync();
        await scenario.RunAsync();
        foreach (var pack in Directory.EnumerateFiles(scenario.Folder["repository", "data"], "*", SearchOption.AllDirectories).ToArray())
            File.Delete(pack);
        var refused = await Assert.ThrowsAsync<BackupException>(() => scenario.RunAsync());
        Assert.Equal("RepositoryDamaged", refused.ErrorId);
        Assert.Single(Directory.EnumerateFiles(scenario.Folder["repository", "snapshots"]));
        Assert.Empty(Directory.EnumerateFiles(scenario.Folder["repository", "locks"]));
    }
}
