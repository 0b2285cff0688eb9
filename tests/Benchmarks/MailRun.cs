using System.Diagnostics;
using System.Globalization;
using KlarKonform.Backup.DemoTenant.Http;
using KlarKonform.Backup.Engine;

namespace KlarKonform.Backup.Benchmarks;

/// <summary>One backup of the demo tenant's mail, in a process of its own. Writes the seconds that the run took to a file.</summary>
internal sealed class MailRun : ISecretStore, IBackupObserver
{
    private const string Name = "Benchmark";

    public bool WantsDebug => false;

    public static async Task RunAsync(string folder, string baseUrl)
    {
        var run = new MailRun();
        var engine = new BackupEngine(Path.Combine(folder, "home"));
        if ((await engine.GetConfigurationsAsync(Name, default)).Count == 0)
            await engine.CreateConfigurationAsync(Configuration(folder, baseUrl), default);
        var watch = Stopwatch.StartNew();
        var result = await engine.StartBackupAsync(Name, new BackupOptions(), run, run, default);
        if (result.Status != BackupState.Succeeded || result.Verified != true)
            throw new InvalidOperationException($"{result.Status}: {string.Join("; ", result.Notes)} {result.Error}");
        await File.WriteAllTextAsync(Path.Combine(folder, "seconds"), watch.Elapsed.TotalSeconds.ToString(CultureInfo.InvariantCulture));
    }

    public Task<SecretValue> GetAsync(SecretReference reference, CancellationToken cancellationToken) =>
        Task.FromResult(new SecretValue(null, reference.Name == "graph" ? new DemoTenantOptions().ClientSecret : "password"));

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

    private static BackupConfiguration Configuration(string folder, string baseUrl) => new()
    {
        Id = Guid.NewGuid(),
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
        Sources = new SourceSettings { Mail = new MailSelection() },
        Target = new TargetSettings { Type = TargetType.Folder, Path = Path.Combine(folder, "repository") },
        Repository = new RepositorySettings { Password = "vault/repository" },
    };
}
