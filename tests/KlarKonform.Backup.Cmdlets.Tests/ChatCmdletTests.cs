using System.Management.Automation;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using KlarKonform.Backup.Demo;

namespace KlarKonform.Backup.Cmdlets.Tests;

public sealed class ChatCmdletTests(ModuleFixture module) : IClassFixture<ModuleFixture>
{
    private const string Secret = "app-secret";

    [Fact]
    public async Task From_the_receiver_to_the_restored_chat()
    {
        module.Configure("Chats");
        var configuration = module.Invoke(
            """
            param($exports, $spool, $app, $verify, $token, $endpoint)
            Set-KKBackupConfiguration Chats -Source WhatsApp -WhatsAppNumber '+49 30 1234567' -WhatsAppTimeZone Europe/Berlin `
                -WhatsAppExportPath $exports -WhatsAppSpool $spool `
                -WhatsAppAppSecret $app -WhatsAppVerifyToken $verify -WhatsAppAccessToken $token -WhatsAppEndpoint $endpoint `
                    -WhatsAppDeletedMessages Redact
            """,
            module.Folder["exports"],
            module.Folder["spool"],
            ModuleHost.Secure(Secret),
            ModuleHost.Secure("word"),
            ModuleHost.Secure("demo-meta-token"),
            new Uri(module.Tenant.MetaEndpoint)
        );
        var json = await File.ReadAllTextAsync(Path.Combine(module.Folder["home"], "configurations", "Chats.json"));
        Assert.DoesNotContain(Secret, json, StringComparison.Ordinal);
        Assert.Contains("\"deletedMessages\": \"Redact\"", json, StringComparison.Ordinal);
        Assert.DoesNotContain("\"mail\"", json, StringComparison.Ordinal);
        Assert.Single(configuration);
        module.Tenant.Chats.WriteExports(module.Folder["exports"]);

        var port = FreePort();
        var receiving = Task.Run(() => module.Stop($"Start-KKWhatsAppReceiver Chats -Port {port}"));
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        while (!await AnswersAsync(client))
        {
            Assert.False(receiving.IsCompleted, "The receiver ended before it answered.");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        Assert.Equal(
            "42",
            await client.GetStringAsync(
                "/whatsapp?hub.mode=subscribe&hub.verify_token=word&hub.challenge=42",
                TestContext.Current.CancellationToken
            )
        );
        foreach (
            var body in module
                .Tenant.Chats.Webhooks(new DateTimeOffset(2026, 11, 2, 8, 0, 0, TimeSpan.Zero), 20)
                .Select(Encoding.UTF8.GetBytes)
        )
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/whatsapp") { Content = new ByteArrayContent(body) };
            request.Headers.Add(
                "X-Hub-Signature-256",
                "sha256=" + Convert.ToHexString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), body)).ToLowerInvariant()
            );
            using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        await receiving; // It was stopped as if by Ctrl+C at its first progress.
        Assert.All(
            module.Invoke("Test-KKBackupConnection Chats"),
            check => Assert.NotEqual("Failed", $"{check.Properties["Result"].Value}")
        );
        Assert.Equal("Succeeded", $"{module.Invoke("(Start-KKBackup Chats -Source WhatsApp).Status")[0]}");
        Assert.NotEmpty(module.Invoke("Find-KKBackupItem Chats -Source WhatsApp -Subject 'Anna Weiß'"));
        Assert.NotEmpty(module.Invoke("Get-KKBackupItem Chats -Path '/WhatsApp/*/*'"));
        module.Invoke("Restore-KKBackupItem Chats /WhatsApp $args[0] -Format Readable", module.Folder["restored-chats"]);
        Assert.NotEmpty(Directory.GetFiles(module.Folder["restored-chats"], "*.html", SearchOption.AllDirectories));
        Assert.NotEmpty(Directory.GetFiles(module.Folder["restored-chats"], "*.csv", SearchOption.AllDirectories));
        Assert.NotEmpty(Directory.GetFiles(module.Folder["restored-chats"], "*.png", SearchOption.AllDirectories));
    }

    [Fact]
    public void Places_are_taken_apart_and_changes_keep_what_is_not_named()
    {
        module.Configure("Places");
        module.Invoke(
            """
            param($credential)
            Set-KKBackupConfiguration Places -Vault DemoVault -WhatsAppNumber Vertrieb -WhatsAppCredential $credential `
                -WhatsAppHostKey SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA `
                -WhatsAppExportPath 'sftp://nas.example:2222/chats/neu', `
                    's3://chats/ablage?region=eu-central-1&endpoint=https%3A%2F%2Fs3.example', `
                    'onedrive:anna@demo.example/Apps/WhatsApp'
            """,
            new PSCredential("konto", ModuleHost.Secure("kennwort"))
        );
        module.Invoke("Set-KKBackupConfiguration Places -WhatsAppTimeZone Europe/Vienna");
        var exports = module
            .Invoke(
                """
                foreach ($export in (Get-KKBackupConfiguration Places).Sources.WhatsApp.Exports) {
                    $place = $export.Location
                    ($export.Number, $export.TimeZone, $place.Type, $place.Host, $place.Port, $place.Path, $place.Bucket, $place.Prefix,
                        $place.Region, $place.Endpoint, $export.OneDrive.User, $export.OneDrive.Path) -join ' ' -replace ' +', ' '
                }
                """
            )
            .Select(line => $"{line}".Trim());
        Assert.Equal(
            [
                "Vertrieb Europe/Vienna Sftp nas.example 2222 /chats/neu",
                "Vertrieb Europe/Vienna S3 chats ablage eu-central-1 https://s3.example/",
                "Vertrieb Europe/Vienna anna@demo.example Apps/WhatsApp",
            ],
            exports
        );
        Assert.NotNull(module.Invoke("(Get-KKBackupConfiguration Places).Sources.Mail")[0]);
        module.Invoke("Set-KKBackupConfiguration Places -Source Mail");
        Assert.Null(module.Invoke("(Get-KKBackupConfiguration Places).Sources.WhatsApp")[0]);
    }

    [Theory]
    [InlineData("Set-KKBackupConfiguration Wrong -WhatsAppExportPath /x", "WhatsAppNumberMissing")]
    [InlineData("Set-KKBackupConfiguration Wrong -WhatsAppNumber 1 -WhatsAppExportPath 'ftp://host/x'", "WhatsAppPlaceInvalid")]
    [InlineData("Set-KKBackupConfiguration Wrong -WhatsAppNumber 1 -WhatsAppExportPath 'sftp://u:geheim@host/x'", "WhatsAppPlaceInvalid")]
    [InlineData("Set-KKBackupConfiguration Wrong -WhatsAppNumber 1 -WhatsAppExportPath onedrive:nobody", "WhatsAppPlaceInvalid")]
    [InlineData(
        "Set-KKBackupConfiguration Wrong -WhatsAppNumber 1 -WhatsAppExportPath /x -WhatsAppTimeZone Mitteleuropa",
        "ConfigurationFieldInvalid"
    )]
    [InlineData("Set-KKBackupConfiguration Wrong -WhatsAppNumber 1 -WhatsAppExportPath 'sftp://host/x'", "ConfigurationFieldInvalid")]
    [InlineData("Set-KKBackupConfiguration Wrong -Source WhatsApp", "ConfigurationFieldInvalid")]
    [InlineData("Start-KKWhatsAppReceiver Wrong", "WhatsAppNotConfigured")]
    [InlineData("Start-KKWhatsAppReceiver Nirgends", "ConfigurationNotFound")]
    [InlineData("Set-KKBackupConfiguration Wrong -WhatsAppSpool ./x | Out-Null; Start-KKWhatsAppReceiver Wrong", "ReceiverSecretMissing")]
    [InlineData(
        "Set-KKBackupConfiguration Wrong -WhatsAppSpool ./x | Out-Null; Start-KKWhatsAppReceiver Wrong -Address localhost",
        "ReceiverAddressInvalid"
    )]
    public void Wrong_input_gets_its_reason_and_changes_nothing(string script, string error)
    {
        module.Configure("Wrong");
        try
        {
            var file = Path.Combine(module.Folder["home"], "configurations", "Wrong.json");
            var before = File.ReadAllText(file);
            var record = Assert.Single(module.TryInvoke(script).Errors);
            Assert.StartsWith(error, record.FullyQualifiedErrorId, StringComparison.Ordinal);
            Assert.DoesNotContain("geheim", record.ToString(), StringComparison.Ordinal);
            if (script.StartsWith("Set-", StringComparison.Ordinal) && !script.Contains("Out-Null", StringComparison.Ordinal))
                Assert.Equal(before, File.ReadAllText(file));
        }
        finally
        {
            module.Invoke("Remove-KKBackupConfiguration Wrong -Confirm:$false");
        }
    }

    [Fact]
    public void A_port_that_is_taken_is_told()
    {
        module.Configure("Taken");
        module.Invoke(
            $"param($word) Set-KKBackupConfiguration Taken -WhatsAppSpool '{module.Folder["taken"]}' -WhatsAppAppSecret $word "
                + "-WhatsAppVerifyToken $word -Vault DemoVault",
            ModuleHost.Secure("word")
        );
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Assert.StartsWith(
            "ReceiverAddressTaken",
            Assert
                .Single(module.TryInvoke($"Start-KKWhatsAppReceiver Taken -Port {((IPEndPoint)listener.LocalEndpoint).Port}").Errors)
                .FullyQualifiedErrorId,
            StringComparison.Ordinal
        );
    }

    private static async Task<bool> AnswersAsync(HttpClient client)
    {
        try
        {
            return (await client.GetStringAsync("/whatsapp/health", TestContext.Current.CancellationToken)).Contains(
                "healthy",
                StringComparison.Ordinal
            );
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
