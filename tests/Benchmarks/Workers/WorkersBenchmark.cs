using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using KlarKonform.Backup.Benchmarks.Chaos;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http;
using KlarKonform.Backup.DemoTenant.Http.Protocol;

namespace KlarKonform.Backup.Benchmarks.Workers;

/// <summary>
/// A run that several processes share through one S3 repository: how much faster it is than one process with the same line, and whether
/// anything is lost or duplicated if one is killed and one is paused until the others have finished.
/// </summary>
internal static class WorkersBenchmark
{
    // The latency of a request, as to a tenant that is far away: a worker waits for that, and not for this machine's processor.
    private static readonly TimeSpan s_latency = TimeSpan.FromMilliseconds(100);

    // Shards per worker, so that a worker that finishes early finds more.
    private const int ShardsAWorker = 3;

    public static async Task<int> RunAsync(string[] arguments)
    {
        if (WorkersOptions.Parse(arguments) is not { } options)
        {
            Console.Error.WriteLine($"Usage: dotnet run -c Release --project tests/Benchmarks -- {WorkersOptions.Usage}");
            return 2;
        }

        if (Environment.GetEnvironmentVariable("KK_TEST_S3_ENDPOINT") is null)
            return ServersScript.RunInside(["workers", .. arguments]);
        var folder = Directory.CreateTempSubdirectory("klarkonform-workers-").FullName;
        try
        {
            await using var tenant = await DemoTenantServer.StartAsync(
                new DemoTenantOptions
                {
                    Latency = s_latency,
                    Sizes = new TenantSizes
                    {
                        Users = options.Users,
                        MailsPerUser = 30,
                        FilesPerUser = 12,
                        EventsPerUser = 3,
                        ContactsPerUser = 3,
                        MaxFileBytes = 100_000,
                        MaxAttachmentBytes = 50_000,
                        Sites = 0,
                    },
                    SharePointUnitsPerMinute = 100_000,
                    TokenSeconds = 86_400,
                }
            );
            await File.WriteAllTextAsync(Path.Combine(folder, "ca.pem"), tenant.CaCertificatePem);
            return await RunAsync(options, folder, tenant);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<int> RunAsync(WorkersOptions options, string folder, DemoTenantServer tenant)
    {
        var comparison = new ChaosComparison(tenant);
        var alone = await TimeAsync(folder, tenant, new ChaosTarget("s3", "workers-alone"), 1, 1);
        Say(string.Create(CultureInfo.InvariantCulture, $"1 process: {alone.TotalSeconds:0.0} s"));
        var together = await TimeAsync(
            folder,
            tenant,
            new ChaosTarget("s3", "workers-together"),
            options.Count,
            options.Count * ShardsAWorker
        );
        Say(string.Create(CultureInfo.InvariantCulture, $"{options.Count} processes: {together.TotalSeconds:0.0} s"));
        tenant.Contents.Reset();
        var target = new ChaosTarget("s3", "workers-disturbed");
        var (outcomes, killed, paused) = await DisturbAsync(folder, tenant, target, options, together);
        var (code, output, errors) = target.Restic.TryRun("check", "--read-data");
        if (code != 0)
            Say(string.Create(CultureInfo.InvariantCulture, $"restic check: {output} {errors}"));
        var restored = Path.Combine(folder, "restored");
        target.Restic.Run("restore", "latest", "--target", restored);
        var (lost, doubled) = comparison.Compare(restored);
        using var snapshots = JsonDocument.Parse(target.Restic.Run("snapshots", "--json"));
        var result = new
        {
            workers = options.Count,
            killed,
            paused,
            itemsLost = lost,
            itemsDoubled = doubled,
            resticCheckFailures = code == 0 ? 0 : 1,
            snapshots = snapshots.RootElement.GetArrayLength(),
            results = outcomes.Select(outcome => outcome.Snapshot).Distinct().Count(),
            succeeded = outcomes.Count(outcome => outcome.Status == "Succeeded"),
            downloadedTwicePercent = Math.Round(100.0 * comparison.Twice(tenant.Contents.Served) / comparison.Bytes, 2),
            speedup = Math.Round(alone / together, 2),
        };
        Console.WriteLine(JsonSerializer.Serialize(result));
        return
            result is { itemsLost: 0, itemsDoubled: 0, resticCheckFailures: 0, snapshots: 1, results: 1 }
            && result.succeeded == outcomes.Count
            ? 0
            : 1;
    }

    private static async Task<TimeSpan> TimeAsync(string folder, DemoTenantServer tenant, ChaosTarget target, int count, int shards)
    {
        var watch = Stopwatch.StartNew();
        var workers = Start(folder, tenant, target, count, shards, hurry: 1);
        try
        {
            foreach (var outcome in await Task.WhenAll(workers.Select(worker => worker.EndAsync())))
            {
                if (outcome is not { Status: "Succeeded" })
                    throw new InvalidOperationException($"A worker did not succeed: {outcome}");
            }

            return watch.Elapsed;
        }
        finally
        {
            workers.ForEach(worker => worker.Dispose());
        }
    }

    private static async Task<(IReadOnlyList<WorkerOutcome> Outcomes, int Killed, int Paused)> DisturbAsync(
        string folder,
        DemoTenantServer tenant,
        ChaosTarget target,
        WorkersOptions options,
        TimeSpan undisturbed
    )
    {
        var workers = Start(folder, tenant, target, options.Count, options.Count * ShardsAWorker, options.Hurry);
        try
        {
            await Task.Delay(undisturbed * 0.4);
            var (killed, paused) = (workers.Take(options.Kill).ToArray(), workers.Skip(options.Kill).Take(options.Pause).ToArray());
            var hit = (Killed: killed.Count(worker => !worker.HasExited), Paused: paused.Count(worker => !worker.HasExited));
            foreach (var worker in paused)
                worker.Pause();
            foreach (var worker in killed.Where(worker => !worker.HasExited))
                worker.Kill();

            // The others wait until the paused ones count as dead, and take over their shards.
            var outcomes = (await Task.WhenAll(workers.Except(paused).Select(worker => worker.EndAsync()))).ToList();
            foreach (var worker in paused)
                worker.Continue();
            outcomes.AddRange(await Task.WhenAll(paused.Select(worker => worker.EndAsync())));
            foreach (var outcome in outcomes.OfType<WorkerOutcome>())
                Say(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{outcome.Status}{(outcome.HasMerged ? ", merged" : "")}: {outcome.Snapshot?[..8]}, {outcome.Items} "
                            + $"items. {string.Join(" ", outcome.Notes)}"
                    )
                );
            return ([.. outcomes.OfType<WorkerOutcome>()], hit.Killed, hit.Paused);
        }
        finally
        {
            workers.ForEach(worker => worker.Dispose());
        }
    }

    private static List<WorkerProcess> Start(
        string folder,
        DemoTenantServer tenant,
        ChaosTarget target,
        int count,
        int shards,
        int hurry
    ) =>
        [
            .. Enumerable
                .Range(0, count)
                .Select(index => WorkerProcess.Start(folder, tenant.BaseUrl, target, shards, index * shards / count, hurry)),
        ];

    private static void Say(string text) => Console.WriteLine(text);
}
