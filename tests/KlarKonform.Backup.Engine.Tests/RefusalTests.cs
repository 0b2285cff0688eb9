using KlarKonform.Backup.DemoTenant.Http.Protocol;

namespace KlarKonform.Backup.Engine.Tests;

/// <summary>Bad input gets one clear error and changes nothing.</summary>
public sealed class RefusalTests
{
    [Fact]
    public async Task A_wrong_repository_password_is_named_with_its_secret()
    {
        await using var scenario = await BackupScenario.StartAsync();
        await scenario.RunAsync();
        var before = Files(scenario);
        scenario.Secrets["repository"] = "wrong";
        var refused = await Assert.ThrowsAsync<BackupException>(() => scenario.RunAsync());
        Assert.Equal(("WrongPassword", BackupErrorCategory.AuthenticationError), (refused.ErrorId, refused.Category));
        Assert.Contains("vault/repository", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, Files(scenario));
        Assert.Equal(BackupState.Failed, (await scenario.Engine.GetStatusAsync("Test", default)).Status);
    }

    [Theory]
    [InlineData("demo-expired-secret", "7000222")]
    [InlineData("nonsense", "7000215")]
    public async Task A_refused_client_secret_creates_no_repository(string secret, string code)
    {
        await using var scenario = await BackupScenario.StartAsync();
        scenario.Secrets["graph"] = secret;
        var refused = await Assert.ThrowsAsync<BackupException>(() => scenario.RunAsync());
        Assert.Equal("GraphSignInFailed", refused.ErrorId);
        Assert.Contains(code, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, refused.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(scenario.Folder["repository"]));
    }

    [Fact]
    public async Task A_missing_secret_is_named()
    {
        await using var scenario = await BackupScenario.StartAsync();
        scenario.Secrets.Remove("repository");
        Assert.Equal("SecretNotFound", (await Assert.ThrowsAsync<BackupException>(() => scenario.RunAsync())).ErrorId);
        Assert.False(Directory.Exists(scenario.Folder["repository"]));
    }

    [Fact]
    public async Task A_repository_that_vanished_is_not_made_anew()
    {
        await using var scenario = await BackupScenario.StartAsync();
        await scenario.RunAsync();
        Directory.Move(scenario.Folder["repository"], scenario.Folder["unmounted"]);
        Assert.Equal("RepositoryVanished", (await Assert.ThrowsAsync<BackupException>(() => scenario.RunAsync())).ErrorId);
        Assert.False(Directory.Exists(scenario.Folder["repository"]));
    }

    [Fact]
    public async Task A_repository_of_another_tenant_is_refused()
    {
        await using var scenario = await BackupScenario.StartAsync();
        await scenario.RunAsync();
        await using var other = await BackupScenario.StartAsync();
        var configuration = other.Configuration("Other");
        await other.Engine.CreateConfigurationAsync(
            configuration with
            {
                Id = Guid.NewGuid(),
                Tenant = configuration.Tenant with { Id = "other.example" },
                Target = new TargetSettings { Type = TargetType.Folder, Path = scenario.Folder["repository"] },
            },
            default
        );
        var refused = await Assert.ThrowsAsync<BackupException>(() => other.Engine.GetSnapshotsAsync("Other", other, default));
        Assert.Equal("RepositoryOfOtherTenant", refused.ErrorId);
    }

    [Fact]
    public async Task A_missing_permission_is_named_and_the_other_source_is_backed_up()
    {
        await using var scenario = await BackupScenario.StartAsync();
        ((HashSet<string>)scenario.Tenant.Options.Permissions).Remove("Mail.Read");
        var run = await scenario.RunAsync();
        Assert.Equal(BackupState.Partial, run.Status);
        Assert.All(
            run.Resources.Where(resource => resource is { Kind: "Mail", Skipped: false }),
            resource => Assert.Contains("Mail.Read", resource.Message, StringComparison.Ordinal)
        );
        Assert.All(
            run.Resources.Where(resource => resource.Kind == "OneDrive"),
            resource => Assert.Equal(BackupState.Succeeded, resource.Status)
        );
    }

    [Theory]
    [InlineData("http://graph.example/v1.0", "https://")]
    [InlineData("ftp://graph.example", "https://")]
    public async Task Plain_http_beyond_loopback_is_refused_before_anything_is_written(string endpoint, string expected)
    {
        await using var scenario = await BackupScenario.StartAsync();
        var configuration = scenario.Configuration("Second");
        var refused = await Assert.ThrowsAsync<BackupException>(() =>
            scenario.Engine.CreateConfigurationAsync(
                configuration with
                {
                    Tenant = configuration.Tenant with { GraphEndpoint = new Uri(endpoint) },
                },
                default
            )
        );
        Assert.Equal("ConfigurationFieldInvalid", refused.ErrorId);
        Assert.Contains("tenant.graphEndpoint", refused.Message, StringComparison.Ordinal);
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
        Assert.Single(await scenario.Engine.GetConfigurationsAsync("*", default));
    }

    [Fact]
    public async Task A_name_with_a_line_feed_and_an_address_with_a_password_are_refused_and_the_password_is_not_shown()
    {
        await using var scenario = await BackupScenario.StartAsync();
        var configuration = scenario.Configuration("Second");
        var bucket = new TargetSettings
        {
            Type = TargetType.S3,
            Bucket = "b",
            Credential = "vault/s3",
        };
        var sftp = new TargetSettings
        {
            Type = TargetType.Sftp,
            Host = "h",
            Path = "/p",
            Credential = "vault/s",
            HostKey = "SHA256:" + new string('A', 43),
        };
        (BackupConfiguration Configuration, string Field)[] wrong =
        [
            (configuration with { Name = "Second\n" }, "name"),
            (configuration with { Target = sftp with { HostKey = sftp.HostKey + "\n" } }, "target.hostKey"),
            (
                configuration with
                {
                    Tenant = configuration.Tenant with
                    {
                        Auth = new AuthenticationSettings
                        {
                            Method = AuthenticationMethod.ClientCertificate,
                            Thumbprint = new string('A', 40) + "\n",
                        },
                    },
                },
                "tenant.auth.thumbprint"
            ),
            (configuration with { Target = bucket with { Endpoint = new Uri("https://user:geheim@s3.example") } }, "target.endpoint"),
            (configuration with { Target = bucket with { Endpoint = new Uri("http://user:geheim@s3.example") } }, "target.endpoint"),
            (configuration with { Target = bucket with { Proxy = new Uri("http://user:geheim@proxy.example:3128") } }, "target.proxy"),
            (configuration with { Target = bucket with { Proxy = new Uri("ftp://user:geheim@proxy.example") } }, "target.proxy"),
            (
                configuration with
                {
                    Tenant = configuration.Tenant with { GraphEndpoint = new Uri("https://user:geheim@graph.example/v1.0") },
                },
                "tenant.graphEndpoint"
            ),
        ];
        foreach (var (each, field) in wrong)
        {
            var refused = await Assert.ThrowsAsync<BackupException>(() => scenario.Engine.CreateConfigurationAsync(each, default));
            Assert.Equal("ConfigurationFieldInvalid", refused.ErrorId);
            Assert.Contains(field, refused.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("geheim", refused.Message, StringComparison.Ordinal);
        }

        Assert.Single(await scenario.Engine.GetConfigurationsAsync("*", default));
    }

    [Fact]
    public async Task An_unknown_certificate_authority_is_refused_with_the_host()
    {
        await using var scenario = await BackupScenario.StartAsync();
        var configuration = scenario.Configuration();
        await scenario.Engine.UpdateConfigurationAsync(
            configuration with
            {
                Tenant = configuration.Tenant with { CaCertificate = null },
            },
            default
        );
        var refused = await Assert.ThrowsAsync<BackupException>(() => scenario.RunAsync());
        Assert.Equal("GraphUntrusted", refused.ErrorId);
        Assert.Contains("127.0.0.1", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_invalid_file_is_named_with_its_place_and_never_overwritten()
    {
        await using var scenario = await BackupScenario.StartAsync();
        var file = scenario.Folder["home", "configurations", "Broken.json"];
        await File.WriteAllTextAsync(file, "{ \"name\": ");
        var refused = await Assert.ThrowsAsync<BackupException>(() => scenario.Engine.GetStatusAsync("Broken", default));
        Assert.Equal("ConfigurationInvalid", refused.ErrorId);
        Assert.Contains(file, refused.Message, StringComparison.Ordinal);
        Assert.Equal("{ \"name\": ", await File.ReadAllTextAsync(file));
    }

    [Fact]
    public async Task Fields_that_this_version_does_not_know_survive_a_change()
    {
        await using var scenario = await BackupScenario.StartAsync();
        var file = scenario.Folder["home", "configurations", "Test.json"];
        await File.WriteAllTextAsync(
            file,
            (await File.ReadAllTextAsync(file))
                .Replace("\"version\": 1,", "\"version\": 1, \"future\": { \"a\": 1 },", StringComparison.Ordinal)
                .Replace("\"cloud\"", "\"region\": \"EU\", \"cloud\"", StringComparison.Ordinal)
        );
        var present = Assert.Single(await scenario.Engine.GetConfigurationsAsync("Test", default));
        await scenario.Engine.UpdateConfigurationAsync(
            present with
            {
                Sources = new SourceSettings { Mail = new MailSelection() },
            },
            default
        );
        var json = await File.ReadAllTextAsync(file);
        Assert.Contains("\"future\"", json, StringComparison.Ordinal);
        Assert.Contains("\"region\": \"EU\"", json, StringComparison.Ordinal);
        Assert.DoesNotContain("oneDrive", json, StringComparison.Ordinal);
        Assert.DoesNotContain("null", json, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../evil")]
    [InlineData("a/b")]
    [InlineData("")]
    public async Task A_name_that_leads_elsewhere_is_refused(string name)
    {
        await using var scenario = await BackupScenario.StartAsync();
        await Assert.ThrowsAsync<BackupException>(() => scenario.Engine.CreateConfigurationAsync(scenario.Configuration(name), default));
        Assert.Equal(
            "ConfigurationNotFound",
            (await Assert.ThrowsAsync<BackupException>(() => scenario.Engine.GetStatusAsync(name, default))).ErrorId
        );
    }

    [Fact]
    public async Task Nothing_at_a_path_and_unknown_snapshots_are_said_so()
    {
        await using var scenario = await BackupScenario.StartAsync();
        await scenario.RunAsync();
        async Task<string> Restore(RestoreRequest request)
        {
            var refused = await Assert.ThrowsAsync<BackupException>(async () =>
            {
                await foreach (var item in scenario.Engine.RestoreAsync("Test", request, scenario, scenario, default))
                    Assert.Fail(item.File);
            });
            return refused.ErrorId;
        }

        Assert.Equal(
            "PathNotFound",
            await Restore(new RestoreRequest { Paths = ["/Exchange/nobody"], Destination = scenario.Folder["out"] })
        );
        Assert.Equal(
            "SnapshotNotFound",
            await Restore(
                new RestoreRequest
                {
                    Paths = ["/"],
                    Destination = scenario.Folder["out"],
                    SnapshotId = "0123456789",
                }
            )
        );
        Assert.False(Directory.Exists(scenario.Folder["out"]));
    }

    private static string[] Files(BackupScenario scenario) =>
        [.. Directory.EnumerateFiles(scenario.Folder["repository"], "*", SearchOption.AllDirectories).Order()];

    [Fact]
    public async Task A_refusal_of_one_mailbox_is_not_said_to_be_a_missing_permission_of_the_app()
    {
        await using var scenario = await BackupScenario.StartAsync(sources: new SourceSettings { Calendar = new SourceSelection() });
        var id = scenario.Tenant.Change((model, _) => model.Users.First(user => user.Mailbox is not null).Id);
        scenario.Tenant.ChangeAnswers(answer =>
        {
            if (!answer.Path.Contains($"/users/{id}/calendar", StringComparison.OrdinalIgnoreCase))
                return;
            answer.Status = 403;
            answer.SetJson(
                new System.Text.Json.Nodes.JsonObject
                {
                    ["error"] = new System.Text.Json.Nodes.JsonObject { ["code"] = "ErrorAccessDenied", ["message"] = "Access is denied." },
                }
            );
        });
        var refused = Assert.Single((await scenario.RunAsync()).Resources, resource => resource.Status == BackupState.Failed);
        Assert.DoesNotContain("lacks the application permission Calendars.Read. ", refused.Message, StringComparison.Ordinal);
        Assert.Contains("this mailbox", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Calendars.Read", "Calendar")]
    [InlineData("Contacts.Read", "Contacts")]
    [InlineData("Group.Read.All", "Directory")]
    [InlineData("Mail.Read", "Mail")]
    [InlineData("Files.Read.All", "OneDrive")]
    public async Task A_missing_permission_is_named_with_the_way_to_consent_and_the_other_sources_go_on(string missing, string kind)
    {
        var options = new DemoTenantOptions();
        await using var scenario = await BackupScenario.StartAsync(
            options: options with
            {
                Permissions = options.Permissions.Where(permission => permission != missing).ToHashSet(),
            },
            sources: BackupScenario.Everything
        );
        var run = await scenario.RunAsync();
        Assert.Equal(BackupState.Partial, run.Status);
        var failed = run.Resources.Where(resource => resource.Status == BackupState.Failed).ToArray();
        Assert.All(
            failed,
            resource =>
            {
                Assert.Equal(kind, resource.Kind);
                Assert.Contains(missing, resource.Message, StringComparison.Ordinal);
                Assert.Contains($"/adminconsent?client_id={options.ClientId}", resource.Message, StringComparison.Ordinal);
            }
        );
        Assert.NotEmpty(failed);
        Assert.Contains(run.Resources, resource => resource is { Status: BackupState.Succeeded, ItemsDownloaded: > 0 });
    }
}
