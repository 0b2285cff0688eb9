using System.Collections.Concurrent;
using System.Text;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using KlarKonform.Backup.DemoTenant.Model;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Engine.Tests;

/// <summary>Two tenants in one process at the same time, each with its canary: nothing of one is ever visible to the other.</summary>
public sealed class IsolationTests
{
    [Fact]
    public async Task Two_tenants_run_side_by_side_and_share_neither_token_nor_cache_nor_content()
    {
        using var folder = new TemporaryFolder();
        await using var first = await StartAsync("11111111-1111-1111-1111-111111111111", 1, "KanarienvogelEins");
        await using var second = await StartAsync("22222222-2222-2222-2222-222222222222", 2, "KanarienvogelZwei");
        var engine = new BackupEngine(folder["home"]);
        var vault = new Vault
        {
            ["first"] = "geheim-eins",
            ["second"] = "geheim-zwei",
            ["repo-first"] = "kennwort-eins",
            ["repo-second"] = "kennwort-zwei",
        };
        await ConfigureAsync(engine, folder, first, "first");
        await ConfigureAsync(engine, folder, second, "second");
        for (var round = 0; round < 2; round++)
        {
            var runs = await Task.WhenAll(
                ((string[])["first", "second"]).Select(name => engine.StartBackupAsync(name, new BackupOptions(), vault, vault, default))
            );
            Assert.All(runs, run => Assert.Equal(BackupState.Succeeded, run.Status));
        }

        foreach (
            var (name, own, other, server) in ((string, string, string, DemoTenantServer)[])
                [("first", "KanarienvogelEins", "KanarienvogelZwei", first), ("second", "KanarienvogelZwei", "KanarienvogelEins", second)]
        )
        {
            var found = new List<BackupItem>();
            await foreach (var item in engine.FindItemsAsync(name, new ItemQuery { Subject = "Kanarienvogel" }, vault, vault, default))
                found.Add(item);
            Assert.NotEmpty(found);
            Assert.All(found, item => Assert.Contains(own, item.Subject, StringComparison.Ordinal));
            await foreach (
                var item in engine.RestoreAsync(
                    name,
                    new RestoreRequest { Paths = ["/"], Destination = folder["restored-" + name] },
                    vault,
                    vault,
                    default
                )
            )
                Assert.Equal("Restored", item.Status);
            Assert.DoesNotContain(other, Everything(folder["restored-" + name]), StringComparison.Ordinal);

            // No request with the other tenant's token, or without one.
            Assert.Equal(0, server.Counters.Counts.GetValueOrDefault("refusedToken"));
            Assert.Empty(server.Counters.Violations);
        }

        // Every folder of the home belongs to one configuration.
        var ids = (await engine.GetConfigurationsAsync("*", default)).Select(each => each.Id.ToString()).Order();
        foreach (var kind in (string[])["cache", "runs"])
            Assert.Equal(ids, Directory.GetDirectories(folder["home", kind]).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task A_configuration_that_is_pointed_at_another_tenants_repository_is_refused_by_every_command_and_nothing_changes()
    {
        using var folder = new TemporaryFolder();
        await using var first = await StartAsync("11111111-1111-1111-1111-111111111111", 1, "eins");
        await using var second = await StartAsync("22222222-2222-2222-2222-222222222222", 2, "zwei");
        var engine = new BackupEngine(folder["home"]);
        var vault = new Vault
        {
            ["first"] = "geheim-eins",
            ["second"] = "geheim-zwei",
            ["repo-first"] = "kennwort",
            ["repo-second"] = "kennwort",
        };
        await ConfigureAsync(engine, folder, first, "first");
        await ConfigureAsync(engine, folder, second, "second");
        await engine.StartBackupAsync("first", new BackupOptions(), vault, vault, default);
        var edited = (await engine.GetConfigurationsAsync("second", default))[0];
        await engine.UpdateConfigurationAsync(edited with { Target = edited.Target with { Path = folder["repository-first"] } }, default);
        var before = Files(folder["repository-first"]);
        Func<Task>[] commands =
        [
            () => engine.StartBackupAsync("second", new BackupOptions(), vault, vault, default),
            () => engine.GetSnapshotsAsync("second", vault, default),
            () => engine.GetKeysAsync("second", vault, default),
            () => engine.RunRetentionAsync("second", new RetentionOptions(), vault, vault, default),
            () => engine.RepairAsync("second", new RepairOptions(), vault, vault, default),
            () => engine.SetHoldAsync("second", new HoldRequest { Reason = "x", Author = "y" }, vault, default),
            () => engine.TestIntegrityAsync("second", new IntegrityOptions(), vault, vault, default),
            () => engine.GetRepositoryStatusAsync("second", vault, default),
            () => AllAsync(engine.FindItemsAsync("second", new ItemQuery(), vault, vault, default)),
            () =>
                AllAsync(
                    engine.RestoreAsync("second", new RestoreRequest { Paths = ["/"], Destination = folder["out"] }, vault, vault, default)
                ),
            () => AllAsync(engine.GetItemsAsync("second", "latest", "/", false, vault, vault, default)),
        ];
        foreach (var command in commands)
        {
            var refused = await Assert.ThrowsAsync<BackupException>(command);
            Assert.Equal("RepositoryOfOtherTenant", refused.ErrorId);
            Assert.Contains("11111111-1111-1111-1111-111111111111", refused.Message, StringComparison.Ordinal);
        }

        Assert.Equal(before, Files(folder["repository-first"]));
    }

    private static async Task AllAsync<T>(IAsyncEnumerable<T> items)
    {
        await foreach (var item in items)
            Assert.NotNull(item);
    }

    private static string[] Files(string path) =>
        [
            .. Directory
                .EnumerateFiles(path, "*", SearchOption.AllDirectories)
                .Where(file => !file.Contains("/locks/", StringComparison.Ordinal))
                .Order(),
        ];

    private static string Everything(string path) =>
        string.Concat(
            Directory
                .EnumerateFiles(path, "*", SearchOption.AllDirectories)
                .Select(file => file + Encoding.UTF8.GetString(File.ReadAllBytes(file)))
        );

    private static async Task<DemoTenantServer> StartAsync(string tenant, int seed, string canary)
    {
        var server = await DemoTenantServer.StartAsync(
            new DemoTenantOptions
            {
                TenantId = tenant,
                ClientSecret = seed == 1 ? "geheim-eins" : "geheim-zwei",
                Sizes = new TenantSizes
                {
                    Users = 2,
                    MailsPerUser = 5,
                    FilesPerUser = 4,
                    MaxFileBytes = 20_000,
                    Seed = seed,
                },
            }
        );
        server.Change(
            (model, _) =>
            {
                foreach (var message in model.Users.SelectMany(user => user.Mailbox?.Messages.Values ?? Enumerable.Empty<DemoMessage>()))
                    message.Subject = $"{canary} {message.Id}";
            }
        );
        return server;
    }

    private static async Task ConfigureAsync(BackupEngine engine, TemporaryFolder folder, DemoTenantServer server, string name)
    {
        await File.WriteAllTextAsync(folder[$"{name}.pem"], server.CaCertificatePem);
        await engine.CreateConfigurationAsync(
            new BackupConfiguration
            {
                Id = Guid.NewGuid(),
                Name = name,
                Tenant = new TenantSettings
                {
                    Id = server.Options.TenantId,
                    ClientId = server.Options.ClientId,
                    Cloud = BackupCloud.Custom,
                    AuthorityHost = new Uri(server.BaseUrl),
                    GraphEndpoint = new Uri(server.BaseUrl + "/v1.0"),
                    CaCertificate = folder[$"{name}.pem"],
                    Auth = new AuthenticationSettings { Secret = $"vault/{name}" },
                },
                Sources = BackupScenario.Everything,
                Target = new TargetSettings { Type = TargetType.Folder, Path = folder["repository-" + name] },
                Repository = new RepositorySettings { Password = $"vault/repo-{name}" },
            },
            default
        );
    }

    private sealed class Vault : ConcurrentDictionary<string, string>, ISecretStore, IBackupObserver
    {
        public bool WantsDebug => false;

        public Task<SecretValue> GetAsync(SecretReference reference, CancellationToken cancellationToken) =>
            Task.FromResult(new SecretValue(null, this[reference.Name]));

        public void Progress(BackupProgress progress) { }

        public void Debug(string text) { }

        public void Verbose(string text) { }

        public void Warning(string text) { }
    }
}
