using System.Globalization;
using System.Text.Json;

namespace KlarKonform.Backup.Benchmarks.Mails;

/// <summary>
/// How close a first mail backup comes to what latency and quotas allow, what an unchanged one requests, and how memory grows with the
/// number of mails.
/// </summary>
internal static class MailBenchmark
{
    private const int Latency = 60;
    private const int Mailboxes = 20;
    private const int MailsEach = 2_000;

    // Documented: four concurrent requests per mailbox, 10,000 in ten minutes. The page size is ours.
    private const int Places = 4;
    private const int RequestsPerWindow = 10_000;
    private const int WindowSeconds = 600;
    private const int PageSize = 100;

    // Enough mailboxes that no quota is reached: this is about memory.
    private const int MemoryMailboxes = 40;

    private static readonly int[] s_mailsEach = [250, 1_250, 5_000];

    // The runtime's own defaults, which PowerShell uses too; this program's project file sets others for its other benchmark.
    private static readonly Dictionary<string, string> s_defaults = new()
    {
        ["DOTNET_gcConcurrent"] = "1",
        ["DOTNET_TieredCompilation"] = "1",
    };

    public static async Task<int> RunAsync(int rounds)
    {
        var throughput = new List<Throughput>();
        for (var round = 0; round < rounds; round++)
            throughput.Add(await ThroughputAsync());
        var figures = new Dictionary<string, double>
        {
            ["quotaRatio"] = Math.Round(Median.Of(throughput.Select(each => each.Ratio)), 3),
            ["violations"] = throughput.Sum(each => each.Violations),
            ["unchangedRequestsPerFolder"] = Math.Round(throughput.Max(each => each.RequestsPerFolder), 3),
            ["unchangedSeconds"] = Math.Round(Median.Of(throughput.Select(each => each.UnchangedSeconds)), 1),
        };
        var peaks = new List<double>();
        foreach (var mailsEach in s_mailsEach)
        {
            var (peak, violations) = await MemoryAsync(mailsEach, rounds);
            figures["violations"] += violations;
            figures[string.Create(CultureInfo.InvariantCulture, $"peakMiB{MemoryMailboxes * mailsEach}")] = Math.Round(peak, 1);
            peaks.Add(peak);
        }

        figures["memorySpreadMiB"] = Math.Round(peaks[^1] - peaks[0], 1);
        Console.WriteLine(JsonSerializer.Serialize(figures));
        return 0;
    }

    // A new tenant each time, with unused quotas.
    private static async Task<Throughput> ThroughputAsync()
    {
        var folder = Directory.CreateTempSubdirectory("klarkonform-mail-").FullName;
        try
        {
            await using var tenant = await Tenant.StartAsync(folder, Mailboxes + 1, MailsEach, Latency); // The last user has no mailbox.
            var (largest, folders) = await tenant.ShapeAsync(PageSize);
            await tenant.TakeStatsAsync();
            var (seconds, _) = await RunAsync(folder, tenant);
            var (requests, violations) = await tenant.TakeStatsAsync();

            // One request lists the users; then the fullest mailbox: root and hierarchy one after the other, its folders' pages and its
            // mails four at a time. The ten minutes' quota would bind beyond 10,000 requests.
            var latency = Latency / 1000.0;
            var bound =
                (3 * latency)
                + Math.Max(
                    largest * latency / Places,
                    largest > RequestsPerWindow ? (double)(largest - RequestsPerWindow) / RequestsPerWindow * WindowSeconds : 0
                );
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"first run: {seconds:0.0} s; latency and quotas allow {bound:0.0} s; {requests["mime"]} mails, "
                        + $"{requests.Values.Sum()} requests, {violations} violations"
                )
            );
            var (again, _) = await RunAsync(folder, tenant);
            var (unchanged, more) = await tenant.TakeStatsAsync();
            var constants = unchanged.Where(pair => pair.Key != "messageDelta").Sum(pair => pair.Value);
            var others = string.Join(", ", unchanged.Where(pair => pair.Key != "messageDelta").Select(pair => $"{pair.Value} {pair.Key}"));
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"unchanged run: {again:0.0} s; {unchanged["messageDelta"]} requests for {folders} folders, and "
                        + $"{constants} constant ones ("
                        + $"{others})"
                )
            );
            return new Throughput(seconds / bound, (double)unchanged["messageDelta"] / folders, again, violations + more);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<(double PeakMiB, int Violations)> MemoryAsync(int mailsEach, int rounds)
    {
        var (peaks, violations) = (new List<double>(), 0);
        for (var round = 0; round < rounds; round++)
        {
            var folder = Directory.CreateTempSubdirectory("klarkonform-mail-").FullName;
            try
            {
                await using var tenant = await Tenant.StartAsync(folder, MemoryMailboxes + 1, mailsEach, latency: 0);
                peaks.Add((await RunAsync(folder, tenant)).Measured.PeakMiB);
                violations += (await tenant.TakeStatsAsync()).Violations;
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        Console.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"peak for {MemoryMailboxes * mailsEach} mails: {Median.Of(peaks):0} MiB")
        );
        return (Median.Of(peaks), violations);
    }

    private static async Task<(double Seconds, Measurement Measured)> RunAsync(string folder, Tenant tenant)
    {
        var measured = Measurement.Of(Environment.ProcessPath!, ["mail-run", folder, tenant.BaseUrl], s_defaults);
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"  process: {measured.Wall:0.0} s, CPU {measured.Cpu:0.0} s, peak {measured.PeakMiB:0} MiB"
            )
        );
        return ((await BackupProcess.ResultAsync(folder)).Seconds, measured);
    }

    /// <param name="Ratio">The actual time relative to what latency and quotas allow.</param>
    /// <param name="RequestsPerFolder">For the unchanged run, without constants.</param>
    /// <param name="UnchangedSeconds">Duration of the unchanged run.</param>
    /// <param name="Violations">Limits broken.</param>
    private sealed record Throughput(double Ratio, double RequestsPerFolder, double UnchangedSeconds, int Violations);
}
