using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using KlarKonform.Backup.Engine;
using KlarKonform.Backup.WhatsApp.Archive;

namespace KlarKonform.Backup.Benchmarks.Receiver;

/// <summary>
/// How many webhooks a receiver accepts on one core, each on the disk before it is confirmed; and what is lost or duplicated in the backup
/// if it is killed again and again meanwhile.
/// </summary>
internal static class ReceiverBenchmark
{
    private const int Connections = 64;

    /// <param name="seconds">How long throughput is measured.</param>
    /// <param name="kills">How often the receiver is killed.</param>
    /// <param name="seed">Seed of the times.</param>
    public static async Task<int> RunAsync(int seconds, int kills, int seed)
    {
        var folder = Directory.CreateTempSubdirectory("klarkonform-receiver-").FullName;
        try
        {
            var spool = Path.Combine(folder, "spool");
            var port = FreePort();
            var (rate, cpu) = await MeasureAsync(Path.Combine(folder, "measure"), port, seconds);
            Console.WriteLine(
                string.Create(CultureInfo.InvariantCulture, $"{rate:0} webhooks a second, {cpu * 1000:0.00} ms of one core each")
            );
            var confirmed = await KillAsync(spool, port, kills, seed);
            Console.WriteLine($"{confirmed.Count} confirmed over {kills} kills");
            var stored = await BackUpAsync(folder, spool);
            var lost = confirmed.Count(id => !stored.ContainsKey(id));
            var doubled = stored.Values.Count(count => count > 1);
            Console.WriteLine(
                JsonSerializer.Serialize(
                    new
                    {
                        webhooksPerSecond = Math.Round(rate),
                        coreMillisecondsPerWebhook = Math.Round(cpu * 1000, 3),
                        kills,
                        confirmed = confirmed.Count,
                        lost,
                        doubled,
                    }
                )
            );
            return lost == 0 && doubled == 0 ? 0 : 1;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<(double Rate, double Cpu)> MeasureAsync(string spool, int port, int seconds)
    {
        using var receiver = ReceiverProcess.Start(spool, port);
        await SendAsync(port, TimeSpan.FromSeconds(2), () => Task.CompletedTask); // Until the code is compiled.
        var before = receiver.Cpu;
        var watch = Stopwatch.StartNew();
        var sent = await SendAsync(port, TimeSpan.FromSeconds(seconds), () => Task.CompletedTask);
        return (sent.Count / watch.Elapsed.TotalSeconds, (receiver.Cpu - before) / sent.Count);
    }

    private static async Task<IReadOnlyList<string>> KillAsync(string spool, int port, int kills, int seed)
    {
        var random = new Random(seed);
        var receiver = ReceiverProcess.Start(spool, port);
        try
        {
            return await SendAsync(
                port,
                TimeSpan.FromMilliseconds(kills * 700),
                async () =>
                {
                    for (var kill = 0; kill < kills; kill++)
                    {
                        await Task.Delay(random.Next(100, 600));
                        receiver.Kill();
                        receiver.Dispose();
                        receiver = await Task.Run(() => ReceiverProcess.Start(spool, port));
                    }
                }
            );
        }
        finally
        {
            receiver.Dispose();
        }
    }

    private static async Task<IReadOnlyList<string>> SendAsync(int port, TimeSpan time, Func<Task> meanwhile)
    {
        using var stop = new CancellationTokenSource();
        var senders = Enumerable.Range(0, Connections).Select(number => new WebhookSender(port, number)).ToArray();
        var sending = senders.Select(sender => Task.Run(() => sender.RunAsync(stop.Token))).ToArray();
        await Task.WhenAll(Task.Delay(time), meanwhile());
        await stop.CancelAsync();
        await Task.WhenAll(sending);
        foreach (var sender in senders)
            sender.Dispose();
        return [.. senders.SelectMany(sender => sender.Confirmed)];
    }

    // Through a real run into a real repository, and out again: how often each message is there.
    private static async Task<Dictionary<string, int>> BackUpAsync(string folder, string spool)
    {
        await using var tenant = await DemoTenantServer.StartAsync(
            new DemoTenantOptions
            {
                Sizes = new TenantSizes
                {
                    Users = 1,
                    MailsPerUser = 0,
                    FilesPerUser = 0,
                    Sites = 0,
                },
            }
        );
        await File.WriteAllTextAsync(Path.Combine(folder, "ca.pem"), tenant.CaCertificatePem);
        var engine = new BackupEngine(Path.Combine(folder, "home"));
        var sources = new SourceSettings
        {
            WhatsApp = new WhatsAppSettings
            {
                Webhooks = new WhatsAppWebhookSettings
                {
                    Spool = new TargetSettings { Type = TargetType.Folder, Path = spool },
                    AppSecret = "vault/app",
                },
            },
        };
        var watch = Stopwatch.StartNew();
        var run = await BackupProcess.RunAsync(engine, folder, tenant.BaseUrl, sources, BackupProcess.Folder(folder));
        if (run.Status != BackupState.Succeeded)
            throw new InvalidOperationException(
                $"The backup is {run.Status}: {string.Join("; ", run.Failures.Select(failure => failure.Message))}"
            );
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"taken in and verified in {watch.Elapsed.TotalSeconds:0.0} s"));
        var restored = Path.Combine(folder, "restored");
        await BackupProcess.RestoreAsync(engine, restored);
        return Directory
            .GetFiles(restored, "*.jsonl", SearchOption.AllDirectories)
            .SelectMany(file => ChatMonth.Parse(File.ReadAllBytes(file)).Lines)
            .GroupBy(line => line.Id)
            .ToDictionary(group => group.Key, group => group.Count());
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
