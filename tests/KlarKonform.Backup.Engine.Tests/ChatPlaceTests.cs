using System.Text;
using KlarKonform.Backup.Storage.S3;
using KlarKonform.Backup.TestSupport;
using static KlarKonform.Backup.Engine.Tests.ChatScenario;

namespace KlarKonform.Backup.Engine.Tests;

/// <summary>Exports and webhooks on real servers: OpenSSH and Swift's S3.</summary>
public sealed class ChatPlaceTests
{
    [Fact]
    public async Task Exports_on_SFTP_and_raw_webhooks_in_a_bucket_are_read_and_what_is_backed_up_is_deleted_there_a_day_later()
    {
        if (TestServers.Missing("KK_TEST_SFTP_PORT") is { } reason)
            Assert.Skip(reason);
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var scenario = await StartAsync(time: time);
        var unique = Guid.NewGuid().ToString("N");
        var folder = $"{TestServers.Value("SFTP_PATH")}/{unique}";
        scenario.Tenant.Chats.WriteExports(folder);
        await using var bucket = Bucket(unique);
        var bodies = scenario.Tenant.Chats.Webhooks(new DateTimeOffset(2026, 11, 2, 8, 0, 0, TimeSpan.Zero), 12);
        foreach (var (body, i) in bodies.Select((body, i) => (body, i)))
            await bucket.SaveAsync($"hooks/{i:D4}.json", Encoding.UTF8.GetBytes(body), default);
        (scenario.Users["sftp"], scenario.Secrets["sftp"]) = (TestServers.Value("SFTP_USER"), TestServers.Value("SFTP_PASSWORD"));
        (scenario.Users["s3"], scenario.Secrets["s3"]) = (TestServers.Value("S3_ACCESS_KEY"), TestServers.Value("S3_SECRET_KEY"));
        var configuration = (await scenario.Engine.GetConfigurationsAsync("Test", default))[0];
        var chats = configuration.Sources.WhatsApp!;
        await scenario.Engine.UpdateConfigurationAsync(
            configuration with
            {
                Sources = new SourceSettings
                {
                    WhatsApp = chats with
                    {
                        Exports =
                        [
                            chats.Exports![0] with
                            {
                                Location = new TargetSettings
                                {
                                    Type = TargetType.Sftp,
                                    Host = "127.0.0.1",
                                    Port = int.Parse(TestServers.Value("SFTP_PORT"), System.Globalization.CultureInfo.InvariantCulture),
                                    Path = folder,
                                    HostKey = TestServers.Value("SFTP_HOSTKEY"),
                                    Credential = "vault/sftp",
                                },
                            },
                        ],
                        Webhooks = chats.Webhooks! with
                        {
                            Spool = new TargetSettings
                            {
                                Type = TargetType.S3,
                                Endpoint = new Uri(TestServers.Value("S3_ENDPOINT")),
                                Bucket = TestServers.Value("S3_BUCKET"),
                                Prefix = unique,
                                CaCertificate = TestServers.Value("S3_CA"),
                                Credential = "vault/s3",
                            },
                        },
                    },
                },
            },
            default
        );
        var run = await scenario.RunAsync();
        Assert.Equal((BackupState.Succeeded, 0), (run.Status, run.Failures.Count));
        Assert.Equal(0, (await scenario.RunAsync()).ItemsDownloaded);
        using (var restored = await RestoreAsync(scenario))
            Assert.Equal(scenario.Tenant.Chats.Exported + bodies.Count, AllLines(restored).Length);
        time.Advance(TimeSpan.FromHours(25));
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync()).Status);
        await foreach (var left in bucket.ListAsync("", default))
            Assert.Fail($"{left.Key} is still there.");
        Assert.Equal(3, Directory.GetFiles(folder).Length); // Exports belong to their users.
    }

    private static S3ObjectStore Bucket(string prefix) =>
        new(
            new S3StoreOptions
            {
                Endpoint = new Uri(TestServers.Value("S3_ENDPOINT")),
                Region = "us-east-1",
                Bucket = TestServers.Value("S3_BUCKET"),
                Prefix = prefix,
                PathStyle = true,
                Credentials = new S3Credentials(TestServers.Value("S3_ACCESS_KEY"), TestServers.Value("S3_SECRET_KEY")),
                HandlerFactory = () =>
                    new SocketsHttpHandler
                    {
                        SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null },
                    },
            }
        );
}
