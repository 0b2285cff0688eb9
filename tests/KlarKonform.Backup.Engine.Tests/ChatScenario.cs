using System.Text;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.TestSupport;
using KlarKonform.Backup.WhatsApp.Archive;
using KlarKonform.Backup.WhatsApp.Receiving;
using KlarKonform.Backup.WhatsApp.Webhooks;

namespace KlarKonform.Backup.Engine.Tests;

/// <summary>A company that only backs up its WhatsApp: exports in one folder, webhooks in another.</summary>
internal static class ChatScenario
{
    public const string Secret = "demo-app-secret";

    public static async Task<BackupScenario> StartAsync(
        DeletedMessagesPolicy policy = DeletedMessagesPolicy.Keep,
        DeletedItemsPolicy? deleted = null,
        TimeProvider? time = null,
        bool oneDrive = false
    )
    {
        var scenario = await BackupScenario.StartAsync(
            new TenantSizes
            {
                Users = 2,
                MailsPerUser = 1,
                FilesPerUser = 1,
                EventsPerUser = 1,
                ContactsPerUser = 1,
                Sites = 0,
            },
            time: time
        );
        Directory.CreateDirectory(scenario.Folder["exports"]);
        Directory.CreateDirectory(scenario.Folder["spool"]);
        (scenario.Secrets["meta"], scenario.Secrets["app"]) = ("demo-meta-token", Secret);
        var configuration = scenario.Configuration();
        await scenario.Engine.UpdateConfigurationAsync(
            configuration with
            {
                Retention = deleted is null ? null : new RetentionSettings { DeletedItems = deleted },
                Sources = new SourceSettings
                {
                    WhatsApp = new WhatsAppSettings
                    {
                        Exports =
                        [
                            new WhatsAppExportSettings
                            {
                                Number = ChatGenerator.Number,
                                TimeZone = "Europe/Berlin",
                                Location = oneDrive
                                    ? null
                                    : new TargetSettings { Type = TargetType.Folder, Path = scenario.Folder["exports"] },
                                OneDrive = oneDrive
                                    ? new OneDriveFolder { User = scenario.Tenant.Model.Users[0].UserPrincipalName, Path = "WhatsApp" }
                                    : null,
                            },
                        ],
                        Webhooks = new WhatsAppWebhookSettings
                        {
                            Spool = new TargetSettings { Type = TargetType.Folder, Path = scenario.Folder["spool"] },
                            AppSecret = "vault/app",
                            AccessToken = "vault/meta",
                            Endpoint = new Uri(scenario.Tenant.MetaEndpoint),
                            CaCertificate = scenario.Folder["ca.pem"],
                        },
                        DeletedMessages = policy,
                    },
                },
            },
            default
        );
        return scenario;
    }

    public static async Task SpoolAsync(BackupScenario scenario, IEnumerable<string> bodies)
    {
        await using var spool = new SpoolWriter(scenario.Folder["spool"], TimeProvider.System);
        foreach (var body in bodies.Select(Encoding.UTF8.GetBytes))
            await spool.AppendAsync(body, WebhookSignature.Of(body, Secret), default);
    }

    public static async Task<TemporaryFolder> RestoreAsync(BackupScenario scenario)
    {
        var target = new TemporaryFolder();
        await foreach (
            var item in scenario.Engine.RestoreAsync(
                "Test",
                new RestoreRequest { Paths = ["/"], Destination = target.Path },
                scenario,
                scenario,
                default
            )
        )
            Assert.Equal("Restored", item.Status);
        return target;
    }

    public static async Task<List<BackupItem>> FindAsync(BackupScenario scenario, ItemQuery query)
    {
        var items = new List<BackupItem>();
        await foreach (var item in scenario.Engine.FindItemsAsync("Test", query, scenario, scenario, default))
            items.Add(item);
        return items;
    }

    public static IReadOnlyList<ChatLine> Lines(TemporaryFolder restored, string chat, string month) =>
        ChatMonth.Parse(File.ReadAllBytes(Path.Combine(restored.Path, "WhatsApp", "+49301234567", chat, month + ".jsonl"))).Lines;

    public static ChatLine[] AllLines(TemporaryFolder restored) =>
        [
            .. Directory
                .GetFiles(Path.Combine(restored.Path, "WhatsApp"), "*.jsonl", SearchOption.AllDirectories)
                .SelectMany(file => ChatMonth.Parse(File.ReadAllBytes(file)).Lines),
        ];
}
