using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http;
using KlarKonform.Backup.Engine;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Chats;

/// <summary>
/// One seed's place: exports are dropped and backed up in a few runs, restored, and compared with the true chats that they were made of.
/// </summary>
public sealed class ChatTrial : ISecretStore, IBackupObserver, IDisposable
{
    private const string Name = "Chats";
    private const string Password = "Kennwort des Repositorys";

    private readonly DemoTenantServer _tenant;
    private readonly TemporaryFolder _folder = new();

    private ChatTrial(DemoTenantServer tenant) => _tenant = tenant;

    bool IBackupObserver.WantsDebug => false;

    /// <summary>Runs a seed.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="exports">How many exports, at least.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public static async Task<ChatCorpusResult> RunAsync(int seed, int exports, CancellationToken cancellationToken)
    {
        await using var tenant = await DemoTenantServer.StartAsync(new DemoTenantOptions
        {
            Sizes = new TenantSizes { Users = 1, MailsPerUser = 1, FilesPerUser = 1, EventsPerUser = 1, ContactsPerUser = 1, Sites = 0, Seed = seed },
        });
        using var trial = new ChatTrial(tenant);
        return await trial.RunAsync(seed, ChatCorpus.Make(seed, exports, TimeProvider.System.GetUtcNow().Year), cancellationToken);
    }

    /// <summary>Removes its folder.</summary>
    public void Dispose() => _folder.Dispose();

    private async Task<ChatCorpusResult> RunAsync(int seed, IReadOnlyList<PlacedExport> exports, CancellationToken cancellationToken)
    {
        await File.WriteAllTextAsync(_folder["ca.pem"], _tenant.CaCertificatePem, cancellationToken);
        var place = Directory.CreateDirectory(_folder["exports"]).FullName;
        var engine = new BackupEngine(_folder["home"], TimeProvider.System, new Random(seed));
        await engine.CreateConfigurationAsync(Configuration(place), cancellationToken);
        var runs = new List<BackupRun>();
        var findings = new List<ChatFinding>();
        for (var wave = 0; wave < ChatCorpus.Waves; wave++)
        {
            foreach (var (path, bytes) in exports.Where(export => export.Wave == wave).SelectMany(export => export.Files))
            {
                var file = Path.Combine(place, path);
                Directory.CreateDirectory(Path.GetDirectoryName(file)!);
                await File.WriteAllBytesAsync(file, bytes, cancellationToken);
            }

            var run = await engine.StartBackupAsync(Name, new BackupOptions(), this, this, cancellationToken);
            runs.Add(run);
            if (run.Status is not (BackupState.Succeeded or BackupState.Partial))
                findings.Add(new ChatFinding(ChatFault.Unsaid, $"run {wave} ended as {run.Status}: {run.Error}"));
        }

        using var restored = new TemporaryFolder();
        await foreach (var item in engine.RestoreAsync(Name, new RestoreRequest { Paths = ["/"], Destination = restored.Path }, this, this, cancellationToken))
        {
            if (item.Status != "Restored")
                findings.Add(new ChatFinding(ChatFault.MediaLost, $"{item.Path} is not restored: {item.Status}"));
        }

        findings.AddRange(new ChatJudge(exports, ArchivedChats.Read(restored.Path), runs).Judge());
        return new ChatCorpusResult(seed, exports.Count, exports.Sum(export => export.Shown.Count), findings,
            exports.GroupBy(export => export.What).ToDictionary(group => group.Key, group => group.Count()));
    }

    private BackupConfiguration Configuration(string place) => new()
    {
        Id = Guid.Parse("aaaaaaaa-0000-0000-0000-000000000003"),
        Name = Name,
        Tenant = new TenantSettings
        {
            Id = _tenant.Options.TenantId,
            ClientId = _tenant.Options.ClientId,
            Cloud = BackupCloud.Custom,
            AuthorityHost = new Uri(_tenant.BaseUrl),
            GraphEndpoint = new Uri(_tenant.BaseUrl + "/v1.0"),
            CaCertificate = _folder["ca.pem"],
            Auth = new AuthenticationSettings { Secret = "vault/graph" },
        },
        Sources = new SourceSettings
        {
            WhatsApp = new WhatsAppSettings
            {
                Exports = [new WhatsAppExportSettings { Number = ChatGenerator.Number, TimeZone = "Europe/Berlin", Location = new TargetSettings { Type = TargetType.Folder, Path = place } }],
            },
        },
        Target = new TargetSettings { Type = TargetType.Folder, Path = _folder["repository"] },
        Repository = new RepositorySettings { Password = "vault/repository" },
    };

    Task<SecretValue> ISecretStore.GetAsync(SecretReference reference, CancellationToken cancellationToken) =>
        Task.FromResult(new SecretValue(null, reference.Name == "graph" ? _tenant.Options.ClientSecret : Password));

    void IBackupObserver.Progress(BackupProgress progress)
    {
    }

    void IBackupObserver.Debug(string text)
    {
    }

    void IBackupObserver.Verbose(string text)
    {
    }

    void IBackupObserver.Warning(string text)
    {
    }
}
