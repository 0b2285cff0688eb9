using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using KlarKonform.Backup.Drift;

namespace KlarKonform.Backup.Benchmarks.Drift;

/// <summary>The adversary over many seeds: no odd answer ends a run, costs what it does not belong to, or loses anything silently.</summary>
internal static class DriftBenchmark
{
    public const string Usage = "drift [--seeds 500] [--first 1] [--lanes 2] [--seed N]";

    // Stock restic is a process of its own and takes its time.
    private const int ResticEvery = 10;

    public static async Task<int> RunAsync(string[] arguments)
    {
        var (seeds, first, lanes, only) = (500, 1, 2, (int?)null);
        for (var i = 0; i < arguments.Length; i += 2)
        {
            if (i + 1 == arguments.Length || !int.TryParse(arguments[i + 1], CultureInfo.InvariantCulture, out var value) || value < 0)
                return Refuse();
            switch (arguments[i])
            {
                case "--seeds":
                    seeds = value;
                    break;
                case "--first":
                    first = value;
                    break;
                case "--lanes" when value > 0:
                    lanes = value;
                    break;
                case "--seed":
                    only = value;
                    break;
                default:
                    return Refuse();
            }
        }

        if (only is { } seed)
            (first, seeds) = (seed, 1);
        var results = new ConcurrentBag<DriftResult>();
        var watch = Stopwatch.StartNew();
        await Parallel.ForEachAsync(Enumerable.Range(first, seeds), new ParallelOptions { MaxDegreeOfParallelism = lanes }, async (each, token) =>
        {
            var result = await DriftSeed.RunAsync(each, each % ResticEvery == 0 || only is not null, token);
            results.Add(result);
            if (only is null && !result.Holds)
                await Console.Error.WriteLineAsync(Describe(result));
        });
        if (only is not null)
            Tell(results.Single());
        return Report(results, watch.Elapsed);
    }

    private static int Refuse()
    {
        Console.Error.WriteLine($"Usage: dotnet run -c Release --project tests/Benchmarks -- {Usage}");
        return 2;
    }

    private static void Tell(DriftResult result)
    {
        foreach (var line in result.Account)
            Console.WriteLine(line);
        foreach (var line in result.BeforeFull)
            Console.WriteLine($"after the repairing run: {line}");
        Console.WriteLine(Describe(result));
    }

    private static string Describe(DriftResult result)
    {
        var lines = new List<string> { $"seed {result.Seed}: {result.Touched} touched, {result.Failures} failures" };
        foreach (var (what, all) in ((string, IReadOnlyList<string>)[])
            [("run lost", result.RunsLost), ("untouched lost", result.UntouchedLost), ("silent loss", result.SilentLosses), ("unrelated failure", result.UnrelatedFailures), ("not repaired", result.Unrepaired)])
            lines.AddRange(all.Select(each => $"  {what}: {each}"));
        return string.Join(Environment.NewLine, lines);
    }

    private static int Report(ConcurrentBag<DriftResult> results, TimeSpan time)
    {
        var bad = results.Where(result => !result.Holds).Select(result => result.Seed).Order().ToArray();
        if (bad.Length > 0)
            Console.Error.WriteLine($"Seeds that do not hold: {string.Join(' ', bad)}");
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            seeds = results.Count,
            runsLost = results.Sum(result => result.RunsLost.Count),
            untouchedLost = results.Sum(result => result.UntouchedLost.Count),
            silentLosses = results.Sum(result => result.SilentLosses.Count),
            repaired = results.All(result => result.Unrepaired.Count == 0),
            unrelatedFailures = results.Sum(result => result.UnrelatedFailures.Count),
            repairedByFull = results.Count(result => result.NeededFull),
            touched = results.Sum(result => result.Touched),
            failures = results.Sum(result => result.Failures),
            seconds = Math.Round(time.TotalSeconds),
        }));
        return bad.Length == 0 ? 0 : 1;
    }
}
