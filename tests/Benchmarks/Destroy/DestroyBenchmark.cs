using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using KlarKonform.Backup.Destroy;

namespace KlarKonform.Backup.Benchmarks.Destroy;

/// <summary>Random repositories, random losses: nothing that is needed is deleted, and every loss is reported in the same night.</summary>
internal static class DestroyBenchmark
{
    public const string Usage = "destroy [--seeds 200] [--first 1] [--lanes 2] [--seed N]";

    public static async Task<int> RunAsync(string[] arguments)
    {
        var numbers = new Dictionary<string, int>
        {
            ["--seeds"] = 200,
            ["--first"] = 1,
            ["--lanes"] = 2,
            ["--seed"] = -1,
        };
        if (!NumberArguments.TryRead(arguments, Usage, numbers))
            return 2;
        int? only = numbers["--seed"] >= 0 ? numbers["--seed"] : null;
        var seeds = only is { } seed ? [seed] : Enumerable.Range(numbers["--first"], numbers["--seeds"]);
        var results = new ConcurrentBag<DestroyResult>();
        var watch = Stopwatch.StartNew();
        await Parallel.ForEachAsync(
            seeds,
            new ParallelOptions { MaxDegreeOfParallelism = numbers["--lanes"] },
            async (each, token) =>
            {
                var result = await RunAsync(each, token);
                results.Add(result);
                if (only is not null)
                    await Console.Out.WriteLineAsync(string.Join(Environment.NewLine, result.Account));
                if (!result.Holds)
                    await Console.Error.WriteLineAsync(Describe(result));
            }
        );
        return Report(results, watch.Elapsed);
    }

    // An exception is a finding like any other.
    private static async Task<DestroyResult> RunAsync(int seed, CancellationToken cancellationToken)
    {
        try
        {
            return await DestroySeed.RunAsync(seed, cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            return new DestroyResult(seed) { ResticDisagrees = [exception.ToString()] };
        }
    }

    private static string Describe(DestroyResult result)
    {
        var lines = new List<string> { $"seed {result.Seed}" };
        foreach (
            var (what, all) in ((string, IReadOnlyList<string>)[])
                [
                    ("needed deleted", result.NeededDeleted),
                    ("loss unnoticed", result.LossesUnnoticed),
                    ("hold broken", result.HoldsBroken),
                    ("restic disagrees", result.ResticDisagrees),
                ]
        )
            lines.AddRange(all.Select(each => $"  {what}: {each}"));
        return string.Join(Environment.NewLine, lines);
    }

    private static int Report(ConcurrentBag<DestroyResult> results, TimeSpan time)
    {
        var bad = results.Where(result => !result.Holds).Select(result => result.Seed).Order().ToArray();
        if (bad.Length > 0)
            Console.Error.WriteLine($"Seeds that do not hold: {string.Join(' ', bad)}");
        Console.WriteLine(
            JsonSerializer.Serialize(
                new
                {
                    trials = results.Count,
                    neededDeleted = results.Sum(result => result.NeededDeleted.Count),
                    lossesUnnoticed = results.Sum(result => result.LossesUnnoticed.Count),
                    holdsBroken = results.Sum(result => result.HoldsBroken.Count),
                    resticDisagrees = results.Sum(result => result.ResticDisagrees.Count),
                    done = results
                        .SelectMany(result => result.Done)
                        .GroupBy(each => each.Key)
                        .OrderBy(each => each.Key, StringComparer.Ordinal)
                        .ToDictionary(each => each.Key, each => each.Sum(pair => pair.Value)),
                    seconds = Math.Round(time.TotalSeconds),
                }
            )
        );
        return bad.Length == 0 ? 0 : 1;
    }
}
