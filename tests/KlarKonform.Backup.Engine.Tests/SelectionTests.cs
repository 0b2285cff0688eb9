using KlarKonform.Backup.DemoTenant.Generation;

namespace KlarKonform.Backup.Engine.Tests;

/// <summary>A typo in a pattern does not silently end a backup.</summary>
public sealed class SelectionTests
{
    private static readonly TenantSizes s_sizes = new()
    {
        Users = 3,
        MailsPerUser = 2,
        FilesPerUser = 2,
        MaxFileBytes = 1000,
    };

    [Fact]
    public async Task The_connection_test_names_patterns_that_match_nothing_with_their_parameter_and_kinds()
    {
        await using var scenario = await BackupScenario.StartAsync(s_sizes, sources: BackupScenario.Everything);
        Assert.Equal(CheckResult.Passed, (await SelectionAsync(scenario)).Result);
        var user = scenario.Tenant.Change((model, _) => model.Users[0].UserPrincipalName);
        await scenario.Engine.UpdateConfigurationAsync(
            scenario.Configuration() with
            {
                Sources = BackupScenario.Everything with
                {
                    Mail = new MailSelection { Include = [user, "nobody@demo.example"] },
                    Calendar = new SourceSelection { Include = ["nobody@demo.example"], Exclude = ["kein*"] },
                    SharePoint = new DriveSelection { Include = ["*"], Exclude = ["/sites/Nirgends"] },
                },
            },
            default
        );
        var check = await SelectionAsync(scenario);
        Assert.Equal(CheckResult.Warning, check.Result);
        foreach (
            var part in (string[])
                ["'nobody@demo.example' of -Include", "(Mail, Calendar)", "'kein*' of -Exclude", "'/sites/Nirgends' of -ExcludeSite"]
        )
            Assert.Contains(part, check.Hint, StringComparison.Ordinal);
        Assert.DoesNotContain(user, check.Hint, StringComparison.Ordinal);
        Assert.DoesNotContain("'*'", check.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_connection_test_names_what_was_backed_up_and_the_patterns_no_longer_take_until_that_is_accepted()
    {
        await using var scenario = await BackupScenario.StartAsync(s_sizes);
        await scenario.RunAsync();
        var users = scenario.Tenant.Change(
            (model, _) => model.Users.Where(user => user.Mailbox is not null).Select(user => user.UserPrincipalName).ToArray()
        );
        await scenario.Engine.UpdateConfigurationAsync(
            scenario.Configuration() with
            {
                Sources = new SourceSettings
                {
                    Mail = new MailSelection { Exclude = [users[0]] },
                    OneDrive = new DriveSelection(),
                },
            },
            default
        );
        var check = await SelectionAsync(scenario);
        Assert.Equal(CheckResult.Warning, check.Result);
        Assert.Contains($"Mail of '{users[0]}'", check.Hint, StringComparison.Ordinal);
        Assert.DoesNotContain(users[1], check.Hint, StringComparison.Ordinal);
        Assert.DoesNotContain("OneDrive", check.Hint, StringComparison.Ordinal);
        var id = scenario.Tenant.Change((model, _) => model.Users.Single(user => user.UserPrincipalName == users[0]).Id);
        await scenario.Engine.AcceptFailureAsync(
            "Test",
            new FailureChoice
            {
                Kind = "Mail",
                Resource = users[0],
                ItemId = id,
                Code = "NotSelected",
            },
            "gekündigt",
            "Anna",
            default
        );
        Assert.Equal(CheckResult.Passed, (await SelectionAsync(scenario)).Result);
    }

    [Fact]
    public async Task A_pattern_that_takes_everything_away_fails_the_connection_test()
    {
        await using var scenario = await BackupScenario.StartAsync(s_sizes);
        await scenario.Engine.UpdateConfigurationAsync(
            scenario.Configuration() with
            {
                Sources = new SourceSettings { Mail = new MailSelection { Include = ["nobody@demo.example"] } },
            },
            default
        );
        var check = await SelectionAsync(scenario);
        Assert.Equal((CheckResult.Failed, "NoResources"), (check.Result, check.Detail));
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("anna@demo.example,ben@demo.example")]
    [InlineData("[ab]*")]
    [InlineData("contoso\\anna")]
    public async Task A_pattern_that_can_match_no_user_is_refused_and_changes_nothing_but_a_file_that_has_it_is_read(string pattern)
    {
        await using var scenario = await BackupScenario.StartAsync(s_sizes);
        var sources = new SourceSettings
        {
            Mail = new MailSelection { Include = [pattern] },
            OneDrive = new DriveSelection(),
        };
        var file = scenario.Folder["home", "configurations", "Test.json"];
        var before = await File.ReadAllTextAsync(file);
        var refusal = await Assert.ThrowsAsync<BackupException>(() =>
            scenario.Engine.UpdateConfigurationAsync(scenario.Configuration() with { Sources = sources }, default)
        );
        Assert.Equal("ConfigurationFieldInvalid", refusal.ErrorId);
        Assert.Contains("sources.mail.include", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllTextAsync(file));
        await File.WriteAllTextAsync(
            file,
            before
                .Replace(
                    "\"mail\": {",
                    $"\"mail\": {{ \"include\": [{System.Text.Json.JsonSerializer.Serialize(pattern)}, null], \"x\": 1",
                    StringComparison.Ordinal
                )
                .Replace("\"x\": 1}", "\"x\": 1 }", StringComparison.Ordinal)
        );
        Assert.Single((await scenario.Engine.ListConfigurationsAsync("Test", default)).Configurations);
        Assert.Equal(CheckResult.Warning, (await SelectionAsync(scenario)).Result);
    }

    private static async Task<ConnectionCheck> SelectionAsync(BackupScenario scenario)
    {
        var checks = new List<ConnectionCheck>();
        await foreach (var check in scenario.Engine.TestConnectionAsync("Test", scenario, scenario, default))
            checks.Add(check);
        return checks.Single(each => each.Check is "Selection" or "Auswahl");
    }
}
