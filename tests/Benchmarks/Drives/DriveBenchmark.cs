using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Benchmarks.Drives;

/// <summary>
/// A first backup, an unchanged one and a restore of a drive against <c>rclone copy</c> and against rclone with restic, from the same
/// stand-in to the same S3 server; and runs after a hundred changes to a drive of a million items, on a machine that has never seen the
/// repository.
/// </summary>
internal static class DriveBenchmark
{
    private const int Changes = 100;
    private const int GraphPort = 443; // The only port that rclone supports.

    // rclone's default is four; users who want speed set more. The faster of the two competes.
    private const int ManyTransfers = 16;

    public static async Task<int> RunAsync(string[] options)
    {
        if (Option(options, "--rounds", 5) is not (> 0 and var rounds) || Option(options, "--items", 1_000_000) is not (>= 0 and var items))
        {
            Console.Error.WriteLine(
                "Usage: dotnet run -c Release --project tests/Benchmarks -- drive [--rounds 5] [--items 1000000] [--no-peers];"
                    + " at least one round, no items for none of them"
            );
            return 2;
        }

        if (Environment.GetEnvironmentVariable("KK_TEST_S3_ENDPOINT") is null)
            return ServersScript.RunInside(["drive", .. options]);
        var withPeers = !options.Contains("--no-peers");
        var folder = Directory.CreateTempSubdirectory("klarkonform-drive-").FullName;
        try
        {
            var figures = new Dictionary<string, double>();
            if (withPeers)
                await CompareAsync(folder, rounds, figures);
            if (items > 0)
                await IncrementalAsync(folder, items, rounds, figures);
            Console.WriteLine(JsonSerializer.Serialize(figures));
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task CompareAsync(string folder, int rounds, Dictionary<string, double> figures)
    {
        using var tenant = Start(["drive-tenant", folder, GraphPort.ToString(CultureInfo.InvariantCulture), "files"]);
        var baseUrl = await tenant.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The tenant said nothing.");
        var drive = await tenant.StandardOutput.ReadLineAsync();
        var rclone = await Rclone.ConfigureAsync(folder, baseUrl, drive!);
        var comparison = new DriveComparison(
            folder,
            rclone,
            [new OurBackup(folder, baseUrl), new RcloneCopy(rclone), new RcloneAndRestic(folder, rclone)]
        );
        comparison.WarmUp();
        rclone.Transfers = Faster(rclone);
        comparison.Run(rounds);
        foreach (var (what, name) in (ReadOnlySpan<(string, string)>)[("first", "wall"), ("again", "unchanged"), ("restore", "restore")])
        {
            var ours = comparison.Wall("ours", what);
            figures[name + "VsRclone"] = Math.Round(ours / comparison.Wall("rclone", what), 3);
            figures[name + "VsRcloneAndRestic"] = Math.Round(ours / comparison.Wall("rclone and restic", what), 3);
            figures[name + "Seconds"] = Math.Round(ours, 1);
        }

        figures["peakMiB"] = Math.Round(comparison.Peak("ours", "first"), 1);
        tenant.StandardInput.Close();
        await tenant.WaitForExitAsync();
    }

    private static int? Faster(Rclone rclone)
    {
        var few = rclone.Copy("drive:", Rclone.Store("few"));
        rclone.Purge(Rclone.Store("few"));
        rclone.Transfers = ManyTransfers;
        var many = rclone.Copy("drive:", Rclone.Store("many"));
        rclone.Purge(Rclone.Store("many"));
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"rclone with its four transfers {few.Wall:0.0} s, with {ManyTransfers} {many.Wall:0.0} s"
            )
        );
        return many.Wall < few.Wall ? ManyTransfers : null;
    }

    private static async Task IncrementalAsync(string folder, int items, int rounds, Dictionary<string, double> figures)
    {
        using var tenant = Start(["drive-tenant", folder, "0", items.ToString(CultureInfo.InvariantCulture)]);
        var baseUrl = await tenant.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The tenant said nothing.");
        await tenant.StandardOutput.ReadLineAsync();
        var first = Measurement.Of(
            Environment.ProcessPath!,
            ["drive-run", folder, baseUrl, Path.Combine(folder, "home-first"), "many", TestServers.Value("S3_ENDPOINT")],
            OurBackup.RuntimeDefaults
        );
        Console.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"first backup of {items} items: {first.Wall:0} s, peak {first.PeakMiB:0} MiB")
        );
        List<double> read = [],
            took = [],
            peaks = [];
        for (var round = 1; round <= rounds; round++)
        {
            await tenant.StandardInput.WriteLineAsync(Changes.ToString(CultureInfo.InvariantCulture));
            await tenant.StandardOutput.ReadLineAsync();
            await using var front = await FaultyS3.StartAsync();
            var measured = Measurement.Of(
                Environment.ProcessPath!,
                ["drive-run", folder, baseUrl, Path.Combine(folder, $"home-cold-{round}"), "many", front.Endpoint.ToString()],
                OurBackup.RuntimeDefaults
            );
            var (seconds, downloaded) = await BackupProcess.ResultAsync(folder);
            if (downloaded is < Changes / 2 or > Changes)
                throw new InvalidOperationException($"{downloaded} files were read instead of those {Changes} that changed.");
            read.Add(front.ObjectBytes / (double)(1 << 20));
            took.Add(seconds);
            peaks.Add(measured.PeakMiB);
            var kinds = front
                .Requests.Where(request => request.Method == "GET")
                .GroupBy(request => request.Target.Split('?')[0].Split('/') is { Length: > 3 } parts ? parts[3] : "list");
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{items} items, {downloaded} changed, round {round}: {seconds:0.0} s, {read[^1]:0.0} MiB of objects read,"
                        + $" peak {measured.PeakMiB:0} MiB; {front.Requests.Count} requests ("
                        + $"{string.Join(", ", kinds.Select(kind => $"{kind.Count()} GET {kind.Key}"))})"
                )
            );
        }

        figures["coldReadMiB"] = Math.Round(Median.Of(read), 2);
        figures["incrementalSeconds"] = Math.Round(Median.Of(took), 1);
        figures["incrementalPeakMiB"] = Math.Round(peaks.Max(), 1);
        figures["millionFirstPeakMiB"] = Math.Round(first.PeakMiB, 1);
        tenant.StandardInput.Close();
        await tenant.WaitForExitAsync();
    }

    private static Process Start(string[] arguments) =>
        Process.Start(
            new ProcessStartInfo(Environment.ProcessPath!, arguments) { RedirectStandardOutput = true, RedirectStandardInput = true }
        ) ?? throw new InvalidOperationException("The tenant did not start.");

    // Null if it is not a number.
    private static int? Option(string[] options, string name, int normal) =>
        Array.IndexOf(options, name) is not (>= 0 and var at) ? normal
        : at + 1 < options.Length && int.TryParse(options[at + 1], CultureInfo.InvariantCulture, out var value) ? value
        : null;
}
