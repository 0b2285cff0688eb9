using System.Text.Json;
using Json.Schema;
using KlarKonform.Backup.DemoTenant.Generation;

namespace KlarKonform.Backup.Engine.Tests;

/// <summary>What is not in the backup, and who accepted it.</summary>
public sealed class AcceptanceTests
{
    private static readonly TenantSizes s_sizes = new()
    {
        Users = 1,
        MailsPerUser = 3,
        FilesPerUser = 2,
        MaxFileBytes = 5000,
    };

    [Fact]
    public async Task What_is_not_in_the_backup_counts_until_somebody_accepts_it_with_a_reason_and_again_when_that_is_taken_back()
    {
        await using var scenario = await WithAnUnreadableMailAsync();
        var status = await scenario.Engine.GetStatusAsync("Test", default);
        var failure = Assert.Single(status.RetryList);
        Assert.Equal((1, 0, "Test"), (status.NotBackedUp, status.Accepted, failure.Configuration));
        Assert.Contains(failure.Code, status.Reason, StringComparison.Ordinal);

        var choice = new FailureChoice { ItemId = failure.ItemId };
        var accepted = await scenario.Engine.AcceptFailureAsync("Test", choice, "beschädigt, Fall 12", "Dr. Weber", default);
        Assert.Equal(
            (failure.Kind, failure.Resource, failure.ItemId, failure.Code, "Dr. Weber"),
            (accepted.Kind, accepted.Resource, accepted.ItemId, accepted.Code, accepted.Author)
        );
        Assert.True((DateTimeOffset.UtcNow - accepted.Accepted).Duration() < TimeSpan.FromMinutes(5));
        status = await scenario.Engine.GetStatusAsync("Test", default);
        Assert.Equal((0, 1, "beschädigt, Fall 12"), (status.NotBackedUp, status.Accepted, Assert.Single(status.RetryList).AcceptedReason));
        await foreach (var run in scenario.Engine.GetRunsAsync("Test", scenario, default))
            Assert.All(run.RetryList, each => Assert.Equal("beschädigt, Fall 12", each.AcceptedReason));

        await scenario.Engine.RevokeAcceptanceAsync("Test", choice, default);
        status = await scenario.Engine.GetStatusAsync("Test", default);
        Assert.Equal((1, 0), (status.NotBackedUp, status.Accepted));
        Assert.Null((await scenario.Engine.GetConfigurationsAsync("Test", default))[0].AcceptedFailures);
    }

    [Fact]
    public async Task An_acceptance_stands_in_the_file_by_the_schema_once_however_often_it_is_said_and_the_repositorys_status_knows_it()
    {
        await using var scenario = await WithAnUnreadableMailAsync();
        var choice = new FailureChoice { ItemId = (await scenario.Engine.GetStatusAsync("Test", default)).RetryList[0].ItemId };
        await scenario.Engine.AcceptFailureAsync("Test", choice, "erst so", "Anna", default);
        await scenario.Engine.AcceptFailureAsync("Test", choice, "dann so", "Ben", default);
        Assert.Equal("dann so", Assert.Single((await scenario.Engine.GetConfigurationsAsync("Test", default))[0].AcceptedFailures!).Reason);
        var schema = JsonSchema.FromText(await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "configuration.schema.json")));
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(scenario.Folder["home", "configurations", "Test.json"]));
        Assert.True(schema.Evaluate(json.RootElement).IsValid, json.RootElement.ToString());
        var status = await scenario.Engine.GetRepositoryStatusAsync("Test", scenario, default);
        Assert.Equal((0, 1), (status.NotBackedUp, status.Accepted));
    }

    [Fact]
    public async Task Another_error_of_an_accepted_item_is_a_new_one()
    {
        await using var scenario = await WithAnUnreadableMailAsync();
        var failure = (await scenario.Engine.GetStatusAsync("Test", default)).RetryList[0];
        await scenario.Engine.AcceptFailureAsync(
            "Test",
            new FailureChoice
            {
                ItemId = failure.ItemId,
                Kind = failure.Kind,
                Resource = failure.Resource,
                Code = "AnotherCode",
            },
            "x",
            "y",
            default
        );
        Assert.Equal(1, (await scenario.Engine.GetStatusAsync("Test", default)).NotBackedUp);
    }

    [Fact]
    public async Task Nothing_is_accepted_without_a_reason_or_that_does_not_exist()
    {
        await using var scenario = await WithAnUnreadableMailAsync();
        var known = new FailureChoice { ItemId = (await scenario.Engine.GetStatusAsync("Test", default)).RetryList[0].ItemId };
        var before = await File.ReadAllTextAsync(scenario.Folder["home", "configurations", "Test.json"]);
        await RefusedAsync("AcceptanceReasonMissing", () => scenario.Engine.AcceptFailureAsync("Test", known, "  ", "y", default));
        await RefusedAsync(
            "FailureNotFound",
            () => scenario.Engine.AcceptFailureAsync("Test", new FailureChoice { ItemId = "nichts" }, "x", "y", default)
        );
        await RefusedAsync("AcceptanceNotFound", () => scenario.Engine.RevokeAcceptanceAsync("Test", known, default));
        await RefusedAsync("ConfigurationNotFound", () => scenario.Engine.AcceptFailureAsync("Nirgends", known, "x", "y", default));
        Assert.Equal(before, await File.ReadAllTextAsync(scenario.Folder["home", "configurations", "Test.json"]));
    }

    [Fact]
    public async Task The_report_shows_what_is_missing_its_level_and_why_it_is_accepted()
    {
        await using var scenario = await WithAnUnreadableMailAsync();
        await scenario.Engine.AcceptFailureAsync(
            "Test",
            new FailureChoice { ItemId = (await scenario.Engine.GetStatusAsync("Test", default)).RetryList[0].ItemId },
            "Fall <4711>",
            "Dr. Weber",
            default
        );
        await scenario.Engine.ExportReportAsync(new ReportRequest { Path = scenario.Folder["report.html"] }, default);
        var page = await File.ReadAllTextAsync(scenario.Folder["report.html"]);
        Assert.Contains("Fall &lt;4711&gt;", page, StringComparison.Ordinal);
        Assert.Contains($"<td>{HumanText.Level(FailureLevel.Item)}</td>", page, StringComparison.Ordinal);
    }

    private static async Task<BackupScenario> WithAnUnreadableMailAsync()
    {
        var scenario = await BackupScenario.StartAsync(s_sizes);
        scenario.Tenant.Change((model, _) => model.Users[0].Mailbox!.Messages.Values.First().IsUnreadable = true);
        Assert.Equal(BackupState.Partial, (await scenario.RunAsync()).Status);
        return scenario;
    }

    private static async Task RefusedAsync(string id, Func<Task> action) =>
        Assert.Equal(id, (await Assert.ThrowsAsync<BackupException>(action)).ErrorId);
}
