using System.Text.Json;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Benchmarks.Drives;

/// <summary>rclone with the remotes <c>drive:</c> and <c>store:</c>, the stand-in's drive and the S3 server.</summary>
internal sealed class Rclone
{
    private readonly string _folder;

    private Rclone(string folder) => _folder = folder;

    /// <summary>How many files to transfer concurrently; null is rclone's default of four.</summary>
    public int? Transfers { get; set; }

    /// <summary>The place of a name on the S3 server.</summary>
    public static string Store(string name) => $"store:{TestServers.Value("S3_BUCKET")}/{name}";

    /// <summary>Writes its configuration; the token is one of the app's, because rclone does not support application permissions.</summary>
    public static async Task<Rclone> ConfigureAsync(string folder, string baseUrl, string drive)
    {
        var tenant = new DemoTenantOptions();
        using var handler = new HttpClientHandler
        {
            ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator,
        };
        using var http = new HttpClient(handler);
        using var form = new FormUrlEncodedContent(
            new Dictionary<string, string>
            {
                ["grant_type"] = "client_credentials",
                ["client_id"] = tenant.ClientId,
                ["client_secret"] = tenant.ClientSecret,
                ["scope"] = $"{baseUrl}/.default",
            }
        );
        using var answer = await http.PostAsync(new Uri($"{baseUrl}/{tenant.TenantId}/oauth2/v2.0/token"), form);
        using var token = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        var access = token.RootElement.GetProperty("access_token").GetString();
        await File.WriteAllTextAsync(Path.Combine(folder, "hosts"), "127.0.0.1 localhost graph.microsoft.com login.microsoftonline.com\n");
        await File.WriteAllTextAsync(
            Path.Combine(folder, "both.pem"),
            await File.ReadAllTextAsync(Path.Combine(folder, "ca.pem")) + "\n" + await File.ReadAllTextAsync(TestServers.Value("S3_CA"))
        );
        await File.WriteAllTextAsync(
            Path.Combine(folder, "rclone.conf"),
            $$"""
            [drive]
            type = onedrive
            region = global
            drive_type = business
            drive_id = {{drive}}
            token = {"access_token":"{{access}}","token_type":"Bearer","refresh_token":"none","expiry":"{{DateTimeOffset.UtcNow.AddDays(
                1
            ):yyyy-MM-ddTHH:mm:ssZ}}"}

            [store]
            type = s3
            provider = Other
            endpoint = {{TestServers.Value("S3_ENDPOINT")}}
            access_key_id = {{TestServers.Value("S3_ACCESS_KEY")}}
            secret_access_key = {{TestServers.Value("S3_SECRET_KEY")}}
            force_path_style = true
            no_check_bucket = true
            """
        );
        return new Rclone(folder);
    }

    public Measurement Copy(string from, string to) =>
        Run("copy", from, to, Transfers is { } count ? ["--transfers", $"{count}", "--checkers", $"{count}"] : []);

    public Measurement Purge(string place) => Run("purge", place, null, []);

    // Microsoft's host name leads to the stand-in only inside a private mount namespace.
    private Measurement Run(string command, string from, string? to, string[] options) =>
        Measurement.Of(
            "unshare",
            [
                "--mount",
                "bash",
                "-c",
                "mount --bind \"$1\" /etc/hosts && shift && exec \"$@\"",
                "rclone",
                Path.Combine(_folder, "hosts"),
                "env",
                "-u",
                "AWS_CA_BUNDLE", // rclone has its own option for that, and fails if both are set.
                "rclone",
                command,
                from,
                .. to is null ? Array.Empty<string>() : [to],
                "--config",
                Path.Combine(_folder, "rclone.conf"),
                "--ca-cert",
                Path.Combine(_folder, "both.pem"),
                .. options,
            ],
            new Dictionary<string, string>()
        );
}
