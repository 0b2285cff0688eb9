using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http;
using KlarKonform.Backup.DemoTenant.Http.Protocol;

namespace KlarKonform.Backup.Benchmarks.Mails;

/// <summary>The demo tenant in a process of its own, so that its work and memory are not counted with ours.</summary>
internal sealed class Tenant : IAsyncDisposable
{
    private readonly Process _process;
    private readonly HttpClient _http;

    private Tenant(Process process, string baseUrl, string certificate)
    {
        _process = process;
        BaseUrl = baseUrl;
        Certificate = certificate;

        // The control interface on loopback; the programs under test check the certificate.
        _http = new HttpClient(
            new HttpClientHandler
            {
                ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator,
            }
        );
    }

    public string BaseUrl { get; }

    public string Certificate { get; }

    public static async Task<Tenant> StartAsync(string folder, int users, int mails, int latency)
    {
        var start = new ProcessStartInfo(
            Environment.ProcessPath!,
            [
                "tenant",
                folder,
                users.ToString(CultureInfo.InvariantCulture),
                mails.ToString(CultureInfo.InvariantCulture),
                latency.ToString(CultureInfo.InvariantCulture),
            ]
        )
        {
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        };
        var process = Process.Start(start) ?? throw new InvalidOperationException("The tenant did not start.");
        var address = await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The tenant said nothing.");
        return new Tenant(process, address, Path.Combine(folder, "ca.pem"));
    }

    /// <summary>The tenant's process: serves until its input ends.</summary>
    public static async Task ServeAsync(string folder, int users, int mails, int latency)
    {
        await using var server = await DemoTenantServer.StartAsync(
            new DemoTenantOptions
            {
                Latency = TimeSpan.FromMilliseconds(latency),

                // Mails of some kilobytes, one in ten with an attachment: this measures the way to the quotas, not the disk.
                Sizes = new TenantSizes
                {
                    Users = users,
                    MailsPerUser = mails,
                    FilesPerUser = 0,
                    EventsPerUser = 0,
                    ContactsPerUser = 0,
                    AttachmentShare = 0.1,
                    MaxAttachmentBytes = 20_000,
                },
            }
        );
        await File.WriteAllTextAsync(Path.Combine(folder, "ca.pem"), server.CaCertificatePem);
        Console.WriteLine(server.BaseUrl);
        while (await Console.In.ReadLineAsync() is not null) { }
    }

    /// <summary>Requests by kind since the last call, and the limits that were broken.</summary>
    public async Task<(IReadOnlyDictionary<string, int> Requests, int Violations)> TakeStatsAsync()
    {
        using var stats = JsonDocument.Parse(await _http.GetStringAsync(new Uri(BaseUrl + "/demo/stats")));
        using var reset = await _http.PostAsync(new Uri(BaseUrl + "/demo/stats/reset"), null);
        return (
            stats.RootElement.GetProperty("counts").EnumerateObject().ToDictionary(pair => pair.Name, pair => pair.Value.GetInt32()),
            stats.RootElement.GetProperty("violations").GetArrayLength()
        );
    }

    /// <summary>How many requests the fullest mailbox needs at least, and how many mail folders there are.</summary>
    public async Task<(int LargestMailbox, int Folders)> ShapeAsync(int pageSize)
    {
        using var shape = JsonDocument.Parse(await _http.GetStringAsync(new Uri($"{BaseUrl}/demo/shape")));
        var mailboxes = shape
            .RootElement.EnumerateArray()
            .Select(mailbox => mailbox.EnumerateArray().Select(folder => folder.GetInt32()).ToArray())
            .ToArray();
        return (
            mailboxes.Max(folders => folders.Sum(count => count + Math.Max(1, (count + pageSize - 1) / pageSize))),
            mailboxes.Sum(folders => folders.Length)
        );
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
