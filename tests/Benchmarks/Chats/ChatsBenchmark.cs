using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using KlarKonform.Backup.Chats;

namespace KlarKonform.Backup.Benchmarks.Chats;

/// <summary>Exports as telephones create them and people pass them on: nothing in them gets lost, no chat is taken for another.</summary>
internal static class ChatsBenchmark
{
    public const string Usage = "chats [--exports 2000] [--per-place 250] [--lanes 2] [--first 1] [--seed N]";

    public static async Task<int> RunAsync(string[] arguments)
    {
        var numbers = new Dictionary<string, int>
        {
            ["--exports"] = 2000,
            ["--per-place"] = 250,
            ["--lanes"] = 2,
            ["--first"] = 1,
            ["--seed"] = -1,
        };
        if (!NumberArguments.TryRead(arguments, Usage, numbers))
            return 2;
        var exports = Math.Max(1, numbers["--exports"]);
        var perPlace = Math.Clamp(numbers["--per-place"], 1, exports);
        var seeds =
            numbers["--seed"] >= 0 ? [numbers["--seed"]] : Enumerable.Range(numbers["--first"], (exports + perPlace - 1) / perPlace);
        var results = new ConcurrentBag<ChatCorpusResult>();
        var watch = Stopwatch.StartNew();
        await Parallel.ForEachAsync(
            seeds,
            new ParallelOptions { MaxDegreeOfParallelism = numbers["--lanes"] },
            async (each, token) =>
            {
                var result = await RunAsync(each, perPlace, token);
                results.Add(result);
                if (result.Findings.Count > 0)
                    await Console.Out.WriteLineAsync(
                        string.Join(Environment.NewLine, result.Findings.Select(finding => $"seed {each}: {finding.Kind}: {finding.What}"))
                    );
            }
        );
        return Report(results, watch.Elapsed);
    }

    // An exception is a finding like any other.
    private static async Task<ChatCorpusResult> RunAsync(int seed, int exports, CancellationToken cancellationToken)
    {
        try
        {
            return await ChatTrial.RunAsync(seed, exports, cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            return new ChatCorpusResult(
                seed,
                0,
                0,
                [new ChatFinding(ChatFault.MessageLost, exception.ToString())],
                new Dictionary<string, int>()
            );
        }
    }

    private static int Report(ConcurrentBag<ChatCorpusResult> results, TimeSpan time)
    {
        int Sum(ChatFault fault) => results.Sum(result => result.Count(fault));
        Console.WriteLine(
            JsonSerializer.Serialize(
                new
                {
                    exports = results.Sum(result => result.Exports),
                    messagesLost = Sum(ChatFault.MessageLost),
                    mediaLost = Sum(ChatFault.MediaLost),
                    chatsConfused = Sum(ChatFault.ChatConfused),
                    timesWrong = Sum(ChatFault.TimeWrong),
                    messagesDoubled = Sum(ChatFault.MessageDoubled),
                    unsaid = Sum(ChatFault.Unsaid),
                    textsChanged = Sum(ChatFault.TextChanged),
                    messages = results.Sum(result => result.Messages),
                    kinds = results
                        .SelectMany(result => result.Kinds)
                        .GroupBy(each => each.Key)
                        .OrderBy(each => each.Key, StringComparer.Ordinal)
                        .ToDictionary(each => each.Key, each => each.Sum(pair => pair.Value)),
                    seconds = Math.Round(time.TotalSeconds),
                }
            )
        );
        return results.All(result => result.Findings.Count == 0) ? 0 : 1;
    }
}
