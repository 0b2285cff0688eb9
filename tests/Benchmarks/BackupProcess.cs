using System.Diagnostics;
using System.Globalization;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using KlarKonform.Backup.Engine;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Benchmarks;

/// <summary>
/// One backup of the demo tenant, in a process of its own. Writes the seconds that the run took and the number of items read to a file.
/// </summary>
internal sealed class BackupProcess : ISecretStore, IBackupObserver
{
    private const string Name = "Benchmark";

    public bool WantsDebug => false;

    /// <param name="folder">Contains the tenant's certificate, and the results.</param>
    /// <param name="baseUrl">The tenant.</param>
    /// <param name="home">Configurations, journal and cache: a new one is a machine that has never seen the repository.</param>
    /// <param name="sources">What to back up.</param>
    /// <param name="target">Where to store it.</param>
    public static async Task RunAsync(string folder, string baseUrl, string home, SourceSettings sources, TargetSettings target)
    {
        var watch = Stopwatch.StartNew();
        var result = await RunAsync(new BackupEngine(home), folder, baseUrl, sources, target);
        if (result.Status != BackupState.Succeeded || result.Verified != true)
            throw new InvalidOperationException(
                $"{result.Status}: {string.Join("; ", result.Notes)} {result.Error} "
                    + $"{string.Join("; ", result.Failures.Select(failure => $"{failure.Name}: {failure.Code} {failure.Message}").Take(5))}"
            );
        await File.WriteAllTextAsync(
            Path.Combine(folder, "seconds"),
            string.Create(CultureInfo.InvariantCulture, $"{watch.Elapsed.TotalSeconds} {result.ItemsDownloaded}")
        );
    }

    /// <summary>
    /// One backup by the caller's engine; creates the configuration if there is none, and otherwise points it to the target.
    /// </summary>
    public static async Task<BackupRun> RunAsync(
        BackupEngine engine,
        string folder,
        string baseUrl,
        SourceSettings sources,
        TargetSettings target,
        BackupOptions? options = null
    )
    {
        var run = new BackupProcess();
        var configuration = Configuration(folder, baseUrl, sources, target);
        if ((await engine.GetConfigurationsAsync(Name, default)).Count == 0)
            await engine.CreateConfigurationAsync(configuration, default);
        else
            await engine.UpdateConfigurationAsync(configuration, default);
        return await engine.StartBackupAsync(Name, options ?? new BackupOptions(), run, run, default);
    }

    /// <summary>Restores everything from the newest snapshot.</summary>
    public static async Task RestoreAsync(BackupEngine engine, string destination)
    {
        var run = new BackupProcess();
        await foreach (
            var item in engine.RestoreAsync(Name, new RestoreRequest { Paths = ["/"], Destination = destination }, run, run, default)
        )
        {
            if (item.Status != "Restored")
                throw new InvalidOperationException($"{item.Path}: {item.Status} {item.Detail}");
        }
    }

    /// <summary>What the last process wrote.</summary>
    public static async Task<(double Seconds, int Items)> ResultAsync(string folder)
    {
        var words = (await File.ReadAllTextAsync(Path.Combine(folder, "seconds"))).Split(' ');
        return (double.Parse(words[0], CultureInfo.InvariantCulture), int.Parse(words[1], CultureInfo.InvariantCulture));
    }

    /// <summary>A folder as target.</summary>
    public static TargetSettings Folder(string folder) => new() { Type = TargetType.Folder, Path = Path.Combine(folder, "repository") };

    /// <summary>The test's S3 server as target, or the proxy in front of it.</summary>
    public static TargetSettings S3(string prefix, string endpoint) =>
        new()
        {
            Type = TargetType.S3,
            Endpoint = new Uri(endpoint),
            Bucket = TestServers.Value("S3_BUCKET"),
            Prefix = prefix,
            Credential = "vault/s3",
            CaCertificate = endpoint.StartsWith("https:", StringComparison.Ordinal) ? TestServers.Value("S3_CA") : null,
        };

    public Task<SecretValue> GetAsync(SecretReference reference, CancellationToken cancellationToken) =>
        Task.FromResult(
            reference.Name switch
            {
                "graph" => new SecretValue(null, new DemoTenantOptions().ClientSecret),
                "s3" => new SecretValue(TestServers.Value("S3_ACCESS_KEY"), TestServers.Value("S3_SECRET_KEY")),
                "app" => new SecretValue(null, Receiver.ReceiverProcess.Secret),
                "sftp" => new SecretValue(TestServers.Value("SFTP_USER"), TestServers.Value("SFTP_PASSWORD")),
                _ => new SecretValue(null, "password"),
            }
        );

    public void Progress(BackupProgress progress) { }

    public void Verbose(string text) { }

    public void Debug(string text) { }

    public void Warning(string text) { }

    private static BackupConfiguration Configuration(string folder, string baseUrl, SourceSettings sources, TargetSettings target) =>
        new()
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
            Sources = sources,
            Target = target,
            Repository = new RepositorySettings { Password = "vault/repository" },
        };
}
