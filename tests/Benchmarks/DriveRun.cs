using System.Diagnostics;
using System.Globalization;
using KlarKonform.Backup.DemoTenant.Http;
using KlarKonform.Backup.Engine;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Benchmarks;

/// <summary>One backup of the demo tenant's drive to the S3 server, in a process of its own. Writes the seconds that the run took to a file.</summary>
internal sealed class DriveRun : ISecretStore, IBackupObserver
{
    private const string Name = "Benchmark";

    public bool WantsDebug => false;

    /// <param name="folder">Certificates and results.</param>
    /// <param name="baseUrl">The tenant.</param>
    /// <param name="home">Configurations, journal and cache: a new one is a machine that has never seen the repository.</param>
    /// <param name="prefix">The repository.</param>
    /// <param name="endpoint">The S3 server, or what stands in front of it.</param>
    public static async Task RunAsync(string folder, string baseUrl, string home, string prefix, string endpoint)
    {
        var run = new DriveRun();
        var engine = new BackupEngine(home);
        if ((await engine.GetConfigurationsAsync(Name, default)).Count == 0)
            await engine.CreateConfigurationAsync(Configuration(folder, baseUrl, prefix, new Uri(endpoint)), default);
        var watch = Stopwatch.StartNew();
        var result = await engine.StartBackupAsync(Name, new BackupOptions(), run, run, default);
        if (result.Status != BackupState.Succeeded || result.Verified != true)
            throw new InvalidOperationException($"{result.Status}: {string.Join("; ", result.Notes)} {result.Error} {string.Join("; ", result.Failures.Select(failure => $"{failure.Name}: {failure.Code} {failure.Message}").Take(5))}");
        await File.WriteAllTextAsync(Path.Combine(folder, "seconds"), string.Create(CultureInfo.InvariantCulture, $"{watch.Elapsed.TotalSeconds} {result.ItemsDownloaded}"));
    }

    public Task<SecretValue> GetAsync(SecretReference reference, CancellationToken cancellationToken) => Task.FromResult(reference.Name switch
    {
        "graph" => new SecretValue(null, new DemoTenantOptions().ClientSecret),
        "s3" => new SecretValue(TestServers.Value("S3_ACCESS_KEY"), TestServers.Value("S3_SECRET_KEY")),
        _ => new SecretValue(null, "password"),
    });

    public void Progress(BackupProgress progress)
    {
    }

    public void Verbose(string text)
    {
    }

    public void Debug(string text)
    {
    }

    public void Warning(string text)
    {
    }

    private static BackupConfiguration Configuration(string folder, string baseUrl, string prefix, Uri endpoint) => new()
    {
        Id = Guid.Parse("bbbbbbbb-0000-0000-0000-000000000001"),
        Name = Name,
        Tenant = new TenantSettings
        {
            Id = new DemoTenantOptions().TenantId,
            ClientId = new DemoTenantOptions().ClientId,
            Cloud = BackupCloud.Custom,
            AuthorityHost = new Uri(baseUrl),
            GraphEndpoint = new Uri(baseUrl + "/v1.0"),
            CaCertificate = Path.Combine(folder, "ca.pem"),
            Auth = new AuthenticationSettings { Secret = "vault/graph" },
        },
        Sources = new SourceSettings { OneDrive = new DriveSelection() },
        Target = new TargetSettings
        {
            Type = TargetType.S3,
            Endpoint = endpoint,
            Bucket = TestServers.Value("S3_BUCKET"),
            Prefix = prefix,
            Credential = "vault/s3",
            CaCertificate = endpoint.Scheme == Uri.UriSchemeHttps ? TestServers.Value("S3_CA") : null,
        },
        Repository = new RepositorySettings { Password = "vault/repository" },
    };
}
