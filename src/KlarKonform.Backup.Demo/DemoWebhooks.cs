using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using KlarKonform.Backup.DemoTenant.Http;

namespace KlarKonform.Backup.Demo;

/// <summary>
/// Stands in for Meta: signs webhooks and posts them to the module's receiver, which runs in the hosted PowerShell meanwhile.
/// </summary>
internal sealed class DemoWebhooks(DemoTenantServer tenant)
{
    public async Task<int> SendAsync(ModuleHost shell, int count)
    {
        var port = FreePort();
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        var receiving = Task.Run(() => shell.Stop($"Start-KKWhatsAppReceiver Demo -Port {port}"));
        while (!receiving.IsCompleted && !await AnswersAsync(client))
            await Task.Delay(50);
        foreach (
            var body in tenant.Chats.Webhooks(new DateTimeOffset(2026, 11, 2, 8, 0, 0, TimeSpan.Zero), count).Select(Encoding.UTF8.GetBytes)
        )
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/whatsapp") { Content = new ByteArrayContent(body) };
            request.Headers.Add(
                "X-Hub-Signature-256",
                "sha256="
                    + Convert
                        .ToHexString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(tenant.Options.MetaAppSecret), body))
                        .ToLowerInvariant()
            );
            using var answer = await client.SendAsync(request);
            answer.EnsureSuccessStatusCode();
        }

        await receiving; // It is stopped as if by Ctrl+C.
        return count;
    }

    private static async Task<bool> AnswersAsync(HttpClient client)
    {
        try
        {
            return (await client.GetStringAsync("/whatsapp/health")).Length > 0;
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
