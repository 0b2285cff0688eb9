using System.Globalization;
using System.Text.Json;

namespace KlarKonform.Backup.Benchmarks.Scale;

/// <summary>The model of docs/scale.md as a table.</summary>
internal static class ScaleBenchmark
{
    private static readonly Price[] s_prices =
    [
        // List prices without VAT: Amazon S3 Standard in Frankfurt, the first 50 TB; Wasabi since July 2026.
        new("Amazon S3 Standard, Frankfurt", 24.5, 5.4),
        new("Wasabi", 7.99, 0),
    ];

    public static int Run()
    {
        var tenant = ScaleTenant.Large;
        ScaleRun[] runs =
        [
            .. ((int[])[1, 8, 32]).Select(workers => ScaleModel.First(tenant, workers, 1)),
            .. ((int[])[1, 8]).Select(workers => ScaleModel.Daily(tenant, workers)),
        ];
        Say(
            string.Create(
                CultureInfo.InvariantCulture,
                $"| run | workers | hours | bound by | mailboxes h | SharePoint h | CPU h | line h | Graph requests | objects "
                    + $"written | listings and reads | memory of a worker |"
            )
        );
        Say(string.Create(CultureInfo.InvariantCulture, $"|---|---|---|---|---|---|---|---|---|---|---|---|"));
        foreach (var run in runs)
            Say(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {run.Name} | {run.Workers} | {run.Hours:0.0} | {run.BoundBy} | {run.MailHours:0.0} | {run.UnitHours:0.0} |"
                        + $" {run.CpuHours:0.0} | {run.LineHours:0.0} | {run.Requests / 1e6:0.0} M | {run.Puts / 1e3:0} k | "
                        + $"{run.Gets / 1e3:0.0} k | {run.Memory / 1e9:0.0} GB |"
                )
            );
        var (first, daily) = (runs[1], runs[^1]);
        foreach (var price in s_prices)
            Say(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {price.Provider} | storage {Storage(price):0} $ a month | first backup {Requests(price, first):0.00} $ of "
                        + $"requests | daily runs {30 * Requests(price, daily):0.00} $ of requests a month |"
                )
            );
        Console.WriteLine(
            JsonSerializer.Serialize(
                new
                {
                    firstHours = Math.Round(first.Hours, 1),
                    firstBoundBy = first.BoundBy,
                    dailyHours = Math.Round(daily.Hours, 2),
                    dailyBoundBy = daily.BoundBy,
                    objects = (long)ScaleModel.Objects(tenant),
                    firstWorkerGB = Math.Round(first.Memory / 1e9, 1),
                    dailyWorkerGB = Math.Round(daily.Memory / 1e9, 1),
                    pruneGB = Math.Round(ScaleModel.WholeIndex(tenant) / 1e9, 1),
                    monthly = s_prices.ToDictionary(
                        price => price.Provider,
                        price => Math.Round(Storage(price) + (30 * Requests(price, daily)))
                    ),
                }
            )
        );
        return 0;

        double Storage(Price price) => first.BytesStored / 1e12 * price.Terabyte;
    }

    private static double Requests(Price price, ScaleRun run) => (run.Puts + run.Gets) / 1e6 * price.Writes;

    private static void Say(string text) => Console.WriteLine(text);

    /// <summary>Dollars: a terabyte and month; a million writes or listings. Reads cost less and are counted as listings.</summary>
    private sealed record Price(string Provider, double Terabyte, double Writes);
}
