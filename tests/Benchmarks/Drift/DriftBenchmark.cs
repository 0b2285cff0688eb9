using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using KlarKonform.Backup.Drift;

namespace KlarKonform.Backup.Benchmarks.Drift;

/// <summary>
/// The adversary over many seeds: no odd answer ends a run, affects anything that it does not belong to, or loses anything silently.
/// </summary>
internal static class DriftBenchmark
{
    public const string Usage = "drift [--seeds 500] [--first 1] [--lanes 2] [--seed N]";

    // Stock restic is a process of its own and takes its time.
    private const int ResticEvery = 10;

    public static async Task<int> RunAsync(string[] arguments)
    {
        var numbers = new Dictionary<string, int>
        {
            ["--seeds"] = 500,
            ["--first"] = 1,
            ["--lanes"] = 2,
            ["--seed"] = -1,
        };
        if (!NumberArguments.TryRead(arguments, Usage, numbers))
            return 2;
        int? only = numbers["--seed"] >= 0 ? numbers["--seed"] : null;
        var seeds = only is { } seed ? [seed] : Enumerable.Range(numbers["--first"], numbers["--seeds"]);
        var results = new ConcurrentBag<DriftResult>();
        var watch = Stopwatch.StartNew();
        await Parallel.ForEachAsync(
            seeds,
            new ParallelOptions { MaxDegreeOfParallelism = numbers["--lanes"] },
            async (each, token) =>
            {
                var result = await DriftSeed.RunAsync(each, each % ResticEvery == 0 || only is not null, token);
                results.Add(result);
                if (only is null && !result.Holds)
                    await Console.Error.WriteLineAsync(Describe(result));
            }
        );
        if (only is not null)
            Tell(results.Single());
        return Report(results, watch.Elapsed);
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
        foreach (
            var (what, all) in ((string, IReadOnlyList<string>)[])
                [
                    ("run lost", result.RunsLost),
                    ("untouched lost", result.UntouchedLost),
                    ("silent loss", result.SilentLosses),
                    ("unrelated failure", result.UnrelatedFailures),
                    ("not repaired", result.Unrepaired),
                ]
        )
            lines.AddRange(all.Select(each => $"  {what}: {each}"));
        return string.Join(Environment.NewLine, lines);
    }

    private static int Report(ConcurrentBag<DriftResult> results, TimeSpan time)
    {
        var bad = results.Where(result => !result.Holds).Select(result => result.Seed).Order().ToArray();
        if (bad.Length > 0)
            Console.Error.WriteLine($"Seeds that do not hold: {string.Join(' ', bad)}");
        Console.WriteLine(
            JsonSerializer.Serialize(
                new
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
                }
            )
        );
        return bad.Length == 0 ? 0 : 1;
    }
}
