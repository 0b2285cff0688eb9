using KlarKonform.Backup.DemoTenant.Http;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Trials;

/// <summary>Runs the engine in a trial: a tenant, its secrets, a configuration for it, and no observer. Thread-safe.</summary>
/// <param name="tenant">The tenant.</param>
/// <param name="folder">The trial's folder.</param>
public sealed class TrialHost(DemoTenantServer tenant, TemporaryFolder folder) : ISecretStore, IBackupObserver
{
    /// <summary>The password of every repository in a trial.</summary>
    public const string Password = "Kennwort des Repositorys";

    bool IBackupObserver.WantsDebug => false;

    /// <summary>Writes the tenant's certificate, which the configuration names, to its place.</summary>
    public Task PrepareAsync(CancellationToken cancellationToken) =>
        File.WriteAllTextAsync(folder["ca.pem"], tenant.CaCertificatePem, cancellationToken);

    /// <summary>A configuration of the tenant with a repository in a folder.</summary>
    /// <param name="number">Distinguishes it from those of other trials.</param>
    /// <param name="name">Its name.</param>
    /// <param name="sources">What to back up.</param>
    /// <param name="repository">The repository's folder.</param>
    public BackupConfiguration Configuration(int number, string name, SourceSettings sources, string repository) =>
        new()
        {
            Id = new Guid(number, 0, 0, [0, 0, 0, 0, 0, 0, 0, 1]),
            Name = name,
            Tenant = new TenantSettings
            {
                Id = tenant.Options.TenantId,
                ClientId = tenant.Options.ClientId,
                Cloud = BackupCloud.Custom,
                AuthorityHost = new Uri(tenant.BaseUrl),
                GraphEndpoint = new Uri(tenant.BaseUrl + "/v1.0"),
                CaCertificate = folder["ca.pem"],
                Auth = new AuthenticationSettings { Secret = "vault/graph" },
            },
            Sources = sources,
            Target = new TargetSettings { Type = TargetType.Folder, Path = repository },
            Repository = new RepositorySettings { Password = "vault/repository" },
        };

    Task<SecretValue> ISecretStore.GetAsync(SecretReference reference, CancellationToken cancellationToken) =>
        Task.FromResult(new SecretValue(null, reference.Name == "graph" ? tenant.Options.ClientSecret : Password));

    void IBackupObserver.Progress(BackupProgress progress) { }

    void IBackupObserver.Debug(string text) { }

    void IBackupObserver.Verbose(string text) { }

    void IBackupObserver.Warning(string text) { }
}
