using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;

namespace KlarKonform.Backup.Benchmarks.Chaos;

/// <summary>
/// Breaks runs in every way that can happen at night, many times, and then asks stock restic and the tenant: is everything there exactly
/// once, and how much was downloaded twice?
/// </summary>
internal static class ChaosBenchmark
{
    private static readonly TimeSpan s_cut = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan s_refusal = TimeSpan.FromSeconds(60);

    public static async Task<int> RunAsync(string[] arguments)
    {
        if (ChaosOptions.Parse(arguments) is not { } options)
        {
            Console.Error.WriteLine($"Usage: dotnet run -c Release --project tests/Benchmarks -- {ChaosOptions.Usage}");
            return 2;
        }

        if (Environment.GetEnvironmentVariable("KK_TEST_S3_ENDPOINT") is null)
            return ServersScript.RunInside(["chaos", .. arguments]);
        var folder = Directory.CreateTempSubdirectory("klarkonform-chaos-").FullName;
        try
        {
            var cycles = new ConcurrentQueue<ChaosCycle>();
            await Task.WhenAll(Enumerable.Range(0, 2 * options.Lanes).Select(lane => RunLaneAsync(folder, lane, options, cycles)));
            return Report(cycles);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task RunLaneAsync(string folder, int number, ChaosOptions options, ConcurrentQueue<ChaosCycle> cycles)
    {
        var (storage, place) = (number % 2 == 0 ? "s3" : "sftp", number / 2);
        await using var lane = await ChaosLane.StartAsync(Path.Combine(folder, $"lane-{number}"), storage, number, options.Seconds);
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"lane {number}: {storage}, {lane.Bytes / (double)(1 << 20):0.0} MiB, undisturbed {lane.Undisturbed.TotalSeconds:0.0} s"
            )
        );
        if (options.Faults)
            await FaultsAsync(lane, storage, place, options, cycles);
        for (var kill = place; kill < options.Kills; kill += options.Lanes)
        {
            // Every kill gets a time of its own, whatever the number of lanes. A run that was faster than the first one is not hit: then
            // again.
            var random = new Random((options.Seed * 7919) + (kill * 2) + (storage == "s3" ? 0 : 1));
            ChaosCycle cycle;
            do Add(cycles, cycle = await lane.KillAsync(0.02 + (0.96 * random.NextDouble()), elsewhere: random.Next(2) == 0));
            while (!cycle.WasHit);
        }
    }

    private static async Task FaultsAsync(
        ChaosLane lane,
        string storage,
        int place,
        ChaosOptions options,
        ConcurrentQueue<ChaosCycle> cycles
    )
    {
        var faults = new List<Func<Task<ChaosCycle>>>
        {
            () => lane.CutTenantAsync(0.4, s_cut),
            () => lane.CutStorageAsync(0.5, s_cut),
            lane.FillCacheAsync,
            () => lane.JumpAsync(options.Seed + 7),
            lane.ExpireTokensAsync,
        };
        if (storage == "s3")
            faults.Insert(2, () => lane.RefuseAsync(0.5, s_refusal));
        for (var fault = place; fault < faults.Count; fault += options.Lanes)
            Add(cycles, await faults[fault]());
    }

    private static void Add(ConcurrentQueue<ChaosCycle> cycles, ChaosCycle cycle)
    {
        cycles.Enqueue(cycle);
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{cycle.Storage} {cycle.Fault} at {cycle.At:0.000}{(cycle.WasHit ? "" : " (missed)")}"
                    + $"{(cycle.ElsewhereContinued ? ", continued elsewhere" : "")}: {(cycle.IsGood ? "good" : "BAD")}"
                    + $"{(cycle.Survived ? ", survived" : "")}, lost {cycle.Lost}, doubled {cycle.Doubled}, twice "
                    + $"{100.0 * cycle.Twice / cycle.Needed:0.00} % (whole items "
                    + $"{100.0 * cycle.TwiceWhole / cycle.Needed:0.00} %) {cycle.Remark}"
            )
        );
    }

    private static int Report(IReadOnlyCollection<ChaosCycle> cycles)
    {
        Console.WriteLine();
        Console.WriteLine("| Storage | Fault | Times | Survived | Completed | Lost | Doubled | restic check failures | Downloaded twice |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|");
        foreach (var group in cycles.GroupBy(cycle => (cycle.Storage, cycle.Fault)).OrderBy(group => group.Key))
        {
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {group.Key.Storage} | {group.Key.Fault} | {group.Count()} | {group.Count(cycle => cycle.Survived)} | "
                        + $"{group.Count(cycle => cycle.Completed)} | {group.Sum(cycle => cycle.Lost)} | "
                        + $"{group.Sum(cycle => cycle.Doubled)} | {group.Count(cycle => cycle.CheckFailed)} | {Percent(group):0.00} % |"
                )
            );
        }

        Console.WriteLine();
        var kills = cycles.Where(cycle => cycle is { Fault: "kill -9", WasHit: true }).ToArray();
        Console.WriteLine(
            JsonSerializer.Serialize(
                new
                {
                    kills = kills.Length,
                    runsCompleted = cycles.Count(cycle => cycle.Completed),
                    itemsLost = cycles.Sum(cycle => cycle.Lost),
                    itemsDoubled = cycles.Sum(cycle => cycle.Doubled),
                    resticCheckFailures = cycles.Count(cycle => cycle.CheckFailed),
                    downloadedTwicePercent = Math.Round(Percent(kills), 2),
                }
            )
        );
        return cycles.All(cycle => cycle.IsGood) ? 0 : 1;
    }

    private static double Percent(IEnumerable<ChaosCycle> cycles) =>
        cycles.Sum(cycle => cycle.Needed) is > 0 and var needed ? 100.0 * cycles.Sum(cycle => cycle.Twice) / needed : 0;
}
