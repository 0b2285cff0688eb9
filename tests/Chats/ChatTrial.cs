using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using KlarKonform.Backup.Engine;
using KlarKonform.Backup.TestSupport;
using KlarKonform.Backup.Trials;

namespace KlarKonform.Backup.Chats;

/// <summary>
/// One seed's place: exports are dropped and backed up in a few runs, restored, and compared with the true chats from which they were made.
/// </summary>
public sealed class ChatTrial : IDisposable
{
    private const string Name = "Chats";

    private readonly TemporaryFolder _folder = new();
    private readonly TrialHost _host;

    private ChatTrial(DemoTenantServer tenant) => _host = new TrialHost(tenant, _folder);

    /// <summary>Runs a seed.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="exports">How many exports, at least.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public static async Task<ChatCorpusResult> RunAsync(int seed, int exports, CancellationToken cancellationToken)
    {
        await using var tenant = await DemoTenantServer.StartAsync(
            new DemoTenantOptions
            {
                Sizes = new TenantSizes
                {
                    Users = 1,
                    MailsPerUser = 1,
                    FilesPerUser = 1,
                    EventsPerUser = 1,
                    ContactsPerUser = 1,
                    Sites = 0,
                    Seed = seed,
                },
            }
        );
        using var trial = new ChatTrial(tenant);
        return await trial.RunAsync(seed, ChatCorpus.Make(seed, exports, TimeProvider.System.GetUtcNow().Year), cancellationToken);
    }

    /// <summary>Removes its folder.</summary>
    public void Dispose() => _folder.Dispose();

    private async Task<ChatCorpusResult> RunAsync(int seed, IReadOnlyList<PlacedExport> exports, CancellationToken cancellationToken)
    {
        await _host.PrepareAsync(cancellationToken);
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

            var run = await engine.StartBackupAsync(Name, new BackupOptions(), _host, _host, cancellationToken);
            runs.Add(run);
            if (run.Status is not (BackupState.Succeeded or BackupState.Partial))
                findings.Add(new ChatFinding(ChatFault.Unsaid, $"run {wave} ended as {run.Status}: {run.Error}"));
        }

        using var restored = new TemporaryFolder();
        await foreach (
            var item in engine.RestoreAsync(
                Name,
                new RestoreRequest { Paths = ["/"], Destination = restored.Path },
                _host,
                _host,
                cancellationToken
            )
        )
        {
            if (item.Status != "Restored")
                findings.Add(new ChatFinding(ChatFault.MediaLost, $"{item.Path} is not restored: {item.Status}"));
        }

        findings.AddRange(new ChatJudge(exports, ArchivedChats.Read(restored.Path), runs).Judge());
        return new ChatCorpusResult(
            seed,
            exports.Count,
            exports.Sum(export => export.Shown.Count),
            findings,
            exports.GroupBy(export => export.What).ToDictionary(group => group.Key, group => group.Count())
        );
    }

    private BackupConfiguration Configuration(string place) =>
        _host.Configuration(
            3,
            Name,
            new SourceSettings
            {
                WhatsApp = new WhatsAppSettings
                {
                    Exports =
                    [
                        new WhatsAppExportSettings
                        {
                            Number = ChatGenerator.Number,
                            TimeZone = "Europe/Berlin",
                            Location = new TargetSettings { Type = TargetType.Folder, Path = place },
                        },
                    ],
                },
            },
            _folder["repository"]
        );
}
