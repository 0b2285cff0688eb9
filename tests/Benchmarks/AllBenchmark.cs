using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using KlarKonform.Backup.Benchmarks.Report;

namespace KlarKonform.Backup.Benchmarks;

/// <summary>
/// Runs every benchmark, one after another, each in a process of its own, and collects their results: a table, and one JSON line.
/// </summary>
internal static class AllBenchmark
{
    public const string Usage = "all [--only repository,mail,…]";

    // Few killed runs here: their hundreds are for the command that is about them.
    private static readonly string[][] s_benchmarks =
    [
        ["repository", "--runs", "5"],
        ["mail", "--rounds", "5"],
        ["drive", "--rounds", "5"],
        ["search"],
        ["startup"],
        ["receiver"],
        ["index"],
        ["scale"],
        ["workers"],
        ["chaos", "--kills", "4", "--seconds", "60"],
    ];

    public static int Run(string[] arguments)
    {
        var chosen = s_benchmarks;
        if (arguments is ["--only", var names])
        {
            var wanted = names.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            chosen = [.. s_benchmarks.Where(each => wanted.Contains(each[0]))];
            if (wanted.Length == 0 || chosen.Length != wanted.Distinct().Count())
                return Refuse();
        }
        else if (arguments.Length > 0)
        {
            return Refuse();
        }

        if (!ServersScript.InstallPackages())
            return 1;
        var all = new JsonObject { ["machine"] = Machine() };
        var failed = new List<string>();
        foreach (var benchmark in chosen)
        {
            Console.WriteLine($"== {string.Join(' ', benchmark)}");
            var watch = Stopwatch.StartNew();
            var (code, last) = Execute(benchmark);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"== {benchmark[0]}: {watch.Elapsed.TotalSeconds:0} s"));
            if (last is null)
                failed.Add(benchmark[0]);
            else
                all[benchmark[0]] = last;

            // Some report by their exit code that a goal was missed; their figures count nevertheless.
            if (code != 0 && !failed.Contains(benchmark[0]))
                failed.Add(benchmark[0]);
        }

        all["failed"] = new JsonArray([.. failed.Select(name => (JsonNode)name)]);
        using (var figures = JsonDocument.Parse(all.ToJsonString()))
            Console.WriteLine(Figure.Table(figures.RootElement));
        Console.WriteLine(all.ToJsonString());
        return failed.Count == 0 ? 0 : 1;
    }

    private static int Refuse()
    {
        Console.Error.WriteLine(
            $"Usage: dotnet run -c Release --project tests/Benchmarks -- {Usage}; benchmarks: "
                + $"{string.Join(", ", s_benchmarks.Select(each => each[0]))}"
        );
        return 2;
    }

    private static (int Code, JsonNode? Last) Execute(string[] arguments)
    {
        using var process =
            Process.Start(new ProcessStartInfo(Environment.ProcessPath!, arguments) { RedirectStandardOutput = true })
            ?? throw new InvalidOperationException("The benchmark did not start.");
        JsonNode? last = null;
        while (process.StandardOutput.ReadLine() is { } line)
        {
            Console.WriteLine(line);
            if (line.StartsWith('{'))
                last = Parse(line);
        }

        process.WaitForExit();
        return (process.ExitCode, last);
    }

    private static JsonNode? Parse(string line)
    {
        try
        {
            return JsonNode.Parse(line);
        }
        catch (JsonException)
        {
            return null; // A line of text that begins like one.
        }
    }

    private static JsonObject Machine() =>
        new()
        {
            ["processor"] = File.Exists("/proc/cpuinfo")
                ? File.ReadLines("/proc/cpuinfo")
                    .FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))
                    ?.Split(':')[1]
                    .Trim()
                : null,
            ["cores"] = Environment.ProcessorCount,
            ["memoryGiB"] = Math.Round(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)(1 << 30), 1),
            ["system"] = RuntimeInformation.OSDescription,
            ["runtime"] = RuntimeInformation.FrameworkDescription,
            ["utc"] = DateTime.UtcNow.ToString("s", CultureInfo.InvariantCulture),
        };
}
