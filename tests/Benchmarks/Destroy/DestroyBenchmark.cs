using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using KlarKonform.Backup.Destroy;

namespace KlarKonform.Backup.Benchmarks.Destroy;

/// <summary>Random repositories, random losses: nothing that is needed is deleted, and every loss is said in its night.</summary>
internal static class DestroyBenchmark
{
    public const string Usage = "destroy [--seeds 200] [--first 1] [--lanes 2] [--seed N]";

    public static async Task<int> RunAsync(string[] arguments)
    {
        var (seeds, first, lanes, only) = (200, 1, 2, (int?)null);
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
        var results = new ConcurrentBag<DestroyResult>();
        var watch = Stopwatch.StartNew();
        await Parallel.ForEachAsync(Enumerable.Range(first, seeds), new ParallelOptions { MaxDegreeOfParallelism = lanes }, async (each, token) =>
        {
            var result = await RunAsync(each, token);
            results.Add(result);
            if (only is not null)
                await Console.Out.WriteLineAsync(string.Join(Environment.NewLine, result.Account));
            if (!result.Holds)
                await Console.Error.WriteLineAsync(Describe(result));
        });
        return Report(results, watch.Elapsed);
    }

    // What throws is a finding like any other.
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

    private static int Refuse()
    {
        Console.Error.WriteLine($"Usage: dotnet run -c Release --project tests/Benchmarks -- {Usage}");
        return 2;
    }

    private static string Describe(DestroyResult result)
    {
        var lines = new List<string> { $"seed {result.Seed}" };
        foreach (var (what, all) in ((string, IReadOnlyList<string>)[])
            [("needed deleted", result.NeededDeleted), ("loss unnoticed", result.LossesUnnoticed), ("hold broken", result.HoldsBroken), ("restic disagrees", result.ResticDisagrees)])
            lines.AddRange(all.Select(each => $"  {what}: {each}"));
        return string.Join(Environment.NewLine, lines);
    }

    private static int Report(ConcurrentBag<DestroyResult> results, TimeSpan time)
    {
        var bad = results.Where(result => !result.Holds).Select(result => result.Seed).Order().ToArray();
        if (bad.Length > 0)
            Console.Error.WriteLine($"Seeds that do not hold: {string.Join(' ', bad)}");
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            trials = results.Count,
            neededDeleted = results.Sum(result => result.NeededDeleted.Count),
            lossesUnnoticed = results.Sum(result => result.LossesUnnoticed.Count),
            holdsBroken = results.Sum(result => result.HoldsBroken.Count),
            resticDisagrees = results.Sum(result => result.ResticDisagrees.Count),
            done = results.SelectMany(result => result.Done).GroupBy(each => each.Key).OrderBy(each => each.Key, StringComparer.Ordinal).ToDictionary(each => each.Key, each => each.Sum(pair => pair.Value)),
            seconds = Math.Round(time.TotalSeconds),
        }));
        return bad.Length == 0 ? 0 : 1;
    }
}
