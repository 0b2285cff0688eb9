using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using KlarKonform.Backup.DemoTenant.Http;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Benchmarks;

/// <summary>
/// A first backup of a drive against <c>rclone copy</c> from the same stand-in to the same S3 server, and a run after a hundred changes
/// to a drive of a million items on a machine that has never seen the repository.
/// </summary>
internal static class DriveBenchmark
{
    private const int Changes = 100;
    private const int GraphPort = 443; // The only one that rclone knows.

    private static readonly Dictionary<string, string> s_defaults = new() { ["DOTNET_gcConcurrent"] = "1", ["DOTNET_TieredCompilation"] = "1" };

    public static async Task<int> RunAsync(string[] options)
    {
        if (Environment.GetEnvironmentVariable("KK_TEST_S3_ENDPOINT") is null)
            return ServersScript.RunInside(["drive", .. options]);
        var rounds = Option(options, "--rounds", 3);
        var items = Option(options, "--items", 1_000_000);
        var folder = Directory.CreateTempSubdirectory("klarkonform-drive-").FullName;
        try
        {
            var (ratio, peak) = await FirstBackupAsync(folder, rounds);
            var (coldRead, seconds, incrementalPeak) = await IncrementalAsync(folder, items);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{items} items, {Changes} changes: {seconds:0.0} s, {coldRead:0.0} MiB of objects read, peak {incrementalPeak:0} MiB"));
            Console.WriteLine(JsonSerializer.Serialize(new
            {
                wallVsRclone = Math.Round(ratio, 3),
                coldReadMiB = Math.Round(coldRead, 2),
                incrementalSeconds = Math.Round(seconds, 1),
                peakMiB = Math.Round(peak, 1),
            }));
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<(double Ratio, double PeakMiB)> FirstBackupAsync(string folder, int rounds)
    {
        if (rounds == 0)
            return (0, 0);
        using var tenant = Start(["drive-tenant", folder, GraphPort.ToString(CultureInfo.InvariantCulture), "files"]);
        var baseUrl = await tenant.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The tenant said nothing.");
        var drive = await tenant.StandardOutput.ReadLineAsync();
        var config = await ConfigureRcloneAsync(folder, baseUrl, drive!);
        List<double> ours = [], theirs = [];
        double peak = 0;
        for (var round = 0; round <= rounds; round++)
        {
            // The first round makes the tenant compute its hashes, and counts for nothing.
            var measured = Measurement.Of(Environment.ProcessPath!, ["drive-run", folder, baseUrl, Path.Combine(folder, $"home-{round}"), $"ours-{round}", TestServers.Value("S3_ENDPOINT")], s_defaults);
            var few = Rclone(folder, config, $"four-{round}", []);
            var many = Rclone(folder, config, $"sixteen-{round}", ["--transfers", "16", "--checkers", "16"]);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"round {round}: ours {measured.Wall:0.0} s (CPU {measured.Cpu:0.0} s, peak {measured.PeakMiB:0} MiB), rclone {few.Wall:0.0} s, with 16 transfers {many.Wall:0.0} s (CPU {many.Cpu:0.0} s)"));
            if (round == 0)
                continue;
            peak = Math.Max(peak, measured.PeakMiB);
            ours.Add(measured.Wall);
            theirs.Add(Math.Min(few.Wall, many.Wall));
        }

        tenant.StandardInput.Close();
        await tenant.WaitForExitAsync();
        return (Median(ours) / Median(theirs), peak);
    }

    private static async Task<(double ColdReadMiB, double Seconds, double PeakMiB)> IncrementalAsync(string folder, int items)
    {
        using var tenant = Start(["drive-tenant", folder, "0", items.ToString(CultureInfo.InvariantCulture)]);
        var baseUrl = await tenant.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The tenant said nothing.");
        await tenant.StandardOutput.ReadLineAsync();
        var first = Measurement.Of(Environment.ProcessPath!, ["drive-run", folder, baseUrl, Path.Combine(folder, "home-first"), "many", TestServers.Value("S3_ENDPOINT")], s_defaults);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"first backup of {items} items: {first.Wall:0} s, peak {first.PeakMiB:0} MiB"));
        await tenant.StandardInput.WriteLineAsync(Changes.ToString(CultureInfo.InvariantCulture));
        await tenant.StandardOutput.ReadLineAsync();
        await using var front = await FaultyS3.StartAsync();
        var measured = Measurement.Of(Environment.ProcessPath!, ["drive-run", folder, baseUrl, Path.Combine(folder, "home-cold"), "many", front.Endpoint.ToString()], s_defaults);
        var (seconds, downloaded) = await BackupProcess.ResultAsync(folder);
        Console.WriteLine($"downloaded: {downloaded} files; {front.Requests.Count} requests to the S3 server");
        foreach (var kind in front.Requests.Where(request => request.Method == "GET").GroupBy(request => request.Target.Split('?')[0].Split('/') is { Length: > 3 } parts ? parts[3] : "list"))
            Console.WriteLine($"  {kind.Key}: {kind.Count()} GET");
        tenant.StandardInput.Close();
        await tenant.WaitForExitAsync();
        return (front.ObjectBytes / (double)(1 << 20), seconds, measured.PeakMiB);
    }

    // Microsoft's host name leads to the stand-in within a private mount namespace only.
    private static Measurement Rclone(string folder, string config, string target, string[] options) => Measurement.Of("unshare",
    [
        "--mount", "bash", "-c", "mount --bind \"$1\" /etc/hosts && shift && exec \"$@\"", "rclone", Path.Combine(folder, "hosts"),
        "env", "-u", "AWS_CA_BUNDLE", // rclone has its own option for that, and fails where both are set.
        "rclone", "copy", "drive:", $"store:{TestServers.Value("S3_BUCKET")}/{target}", "--config", config, "--ca-cert", Path.Combine(folder, "both.pem"), .. options,
    ], new Dictionary<string, string>());

    private static async Task<string> ConfigureRcloneAsync(string folder, string baseUrl, string drive)
    {
        var tenant = new DemoTenantOptions();
        using var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator };
        using var http = new HttpClient(handler);
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "client_credentials", ["client_id"] = tenant.ClientId, ["client_secret"] = tenant.ClientSecret, ["scope"] = $"{baseUrl}/.default",
        });
        using var answer = await http.PostAsync(new Uri($"{baseUrl}/{tenant.TenantId}/oauth2/v2.0/token"), form);
        using var token = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        var access = token.RootElement.GetProperty("access_token").GetString();
        await File.WriteAllTextAsync(Path.Combine(folder, "hosts"), "127.0.0.1 localhost graph.microsoft.com login.microsoftonline.com\n");
        await File.WriteAllTextAsync(Path.Combine(folder, "both.pem"), await File.ReadAllTextAsync(Path.Combine(folder, "ca.pem")) + "\n" + await File.ReadAllTextAsync(TestServers.Value("S3_CA")));
        var config = Path.Combine(folder, "rclone.conf");
        await File.WriteAllTextAsync(config, $$"""
            [drive]
            type = onedrive
            region = global
            drive_type = business
            drive_id = {{drive}}
            token = {"access_token":"{{access}}","token_type":"Bearer","refresh_token":"none","expiry":"{{DateTimeOffset.UtcNow.AddDays(1):yyyy-MM-ddTHH:mm:ssZ}}"}

            [store]
            type = s3
            provider = Other
            endpoint = {{TestServers.Value("S3_ENDPOINT")}}
            access_key_id = {{TestServers.Value("S3_ACCESS_KEY")}}
            secret_access_key = {{TestServers.Value("S3_SECRET_KEY")}}
            force_path_style = true
            no_check_bucket = true
            """);
        return config;
    }

    private static Process Start(string[] arguments) => Process.Start(new ProcessStartInfo(Environment.ProcessPath!, arguments) { RedirectStandardOutput = true, RedirectStandardInput = true })
        ?? throw new InvalidOperationException("The tenant did not start.");

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static int Option(string[] options, string name, int normal) =>
        Array.IndexOf(options, name) is >= 0 and var at && at + 1 < options.Length ? int.Parse(options[at + 1], CultureInfo.InvariantCulture) : normal;
}
