using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Engine.Tests;

/// <summary>A tenant, a folder repository and an engine; and the comparison of a restored snapshot with the tenant.</summary>
internal sealed class BackupScenario : IAsyncDisposable, ISecretStore, IBackupObserver
{
    public const string Password = "Kennwort des Repositorys";

    private readonly TimeProvider _time;

    private BackupScenario(DemoTenantServer tenant, TimeProvider time)
    {
        Tenant = tenant;
        _time = time;
        Engine = NewEngine();
    }

    public DemoTenantServer Tenant { get; }

    public TemporaryFolder Folder { get; } = new();

    public BackupEngine Engine { get; }

    public Dictionary<string, string> Secrets { get; } = new() { ["graph"] = "demo-secret-value", ["repository"] = Password };

    /// <summary>Accounts of secrets that have one.</summary>
    public Dictionary<string, string> Users { get; } = [];

    public System.Collections.Concurrent.ConcurrentQueue<string> Warnings { get; } = new();

    /// <summary>Called on every progress report; tests stop runs with it.</summary>
    public Action<BackupProgress>? OnProgress { get; set; }

    public StockRestic Restic => new(Folder["repository"], Password);

    /// <summary>A tenant with three users, one of whom has nothing, with mail and OneDrive backed up unless specified otherwise.</summary>
    public static async Task<BackupScenario> StartAsync(
        TenantSizes? sizes = null,
        DemoTenantOptions? options = null,
        SourceSettings? sources = null,
        TimeProvider? time = null
    )
    {
        options ??= new DemoTenantOptions();
        if (time is not null)
            options = options with { Clock = options.Clock ?? time.GetUtcNow };
        var scenario = new BackupScenario(
            await DemoTenantServer.StartAsync(
                options with
                {
                    Sizes =
                        sizes
                        ?? new TenantSizes
                        {
                            Users = 3,
                            MailsPerUser = 15,
                            FilesPerUser = 12,
                            MaxFileBytes = 200_000,
                        },
                }
            ),
            time ?? TimeProvider.System
        );
        await File.WriteAllTextAsync(scenario.Folder["ca.pem"], scenario.Tenant.CaCertificatePem);
        var configuration = scenario.Configuration();
        await scenario.Engine.CreateConfigurationAsync(sources is null ? configuration : configuration with { Sources = sources }, default);
        return scenario;
    }

    /// <summary>Everything that Microsoft 365 holds of a user and a tenant.</summary>
    public static SourceSettings Everything =>
        new()
        {
            Mail = new MailSelection(),
            Calendar = new SourceSelection(),
            Contacts = new SourceSelection(),
            Directory = new DirectorySettings(),
            OneDrive = new DriveSelection(),
            SharePoint = new DriveSelection(),
        };

    /// <summary>An engine on another machine: same repository, no journal.</summary>
    public BackupEngine NewEngine(string home = "home") => new(Folder[home], _time, Random.Shared);

    public BackupConfiguration Configuration(string name = "Test") =>
        new()
        {
            Id = Guid.Parse("aaaaaaaa-0000-0000-0000-000000000001"),
            Name = name,
            Tenant = new TenantSettings
            {
                Id = Tenant.Options.TenantId,
                ClientId = Tenant.Options.ClientId,
                Cloud = BackupCloud.Custom,
                AuthorityHost = new Uri(Tenant.BaseUrl),
                GraphEndpoint = new Uri(Tenant.BaseUrl + "/v1.0"),
                CaCertificate = Folder["ca.pem"],
                Auth = new AuthenticationSettings { Secret = "vault/graph" },
            },
            Sources = new SourceSettings { Mail = new MailSelection(), OneDrive = new DriveSelection() },
            Target = new TargetSettings { Type = TargetType.Folder, Path = Folder["repository"] },
            Repository = new RepositorySettings { Password = "vault/repository" },
        };

    public Task<BackupRun> RunAsync(
        BackupOptions? options = null,
        BackupEngine? engine = null,
        CancellationToken cancellationToken = default
    ) => (engine ?? Engine).StartBackupAsync("Test", options ?? new BackupOptions(), this, this, cancellationToken);

    /// <summary>Restores the newest snapshot and compares everything that the configuration backs up with the tenant.</summary>
    public async Task AssertSnapshotEqualsTenantAsync()
    {
        using var target = new TemporaryFolder();
        await foreach (
            var item in Engine.RestoreAsync("Test", new RestoreRequest { Paths = ["/"], Destination = target.Path }, this, this, default)
        )
            Assert.Equal("Restored", item.Status);
        var sources = (await Engine.GetConfigurationsAsync("Test", default))[0].Sources;
        var stored = await StoredItem.ReadAllAsync(Folder["repository"], Password);
        Tenant.Change((model, _) => new TenantComparison(model, sources, target, stored).AssertEqual());
    }

    Task<SecretValue> ISecretStore.GetAsync(SecretReference reference, CancellationToken cancellationToken) =>
        Secrets.TryGetValue(reference.Name, out var secret)
            ? Task.FromResult(new SecretValue(Users.GetValueOrDefault(reference.Name), secret))
            : throw new BackupException(
                "SecretNotFound",
                BackupErrorCategory.ObjectNotFound,
                reference.ToString(),
                reference.Vault,
                reference.Name
            );

    void IBackupObserver.Progress(BackupProgress progress) => OnProgress?.Invoke(progress);

    bool IBackupObserver.WantsDebug => false;

    void IBackupObserver.Debug(string text) { }

    void IBackupObserver.Verbose(string text) { }

    void IBackupObserver.Warning(string text) => Warnings.Enqueue(text);

    public async ValueTask DisposeAsync()
    {
        await Tenant.DisposeAsync();
        Folder.Dispose();
    }
}
