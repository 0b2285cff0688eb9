using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Benchmarks.Chaos;

/// <summary>A repository of one cycle, on one of the real servers.</summary>
/// <param name="Kind"><c>s3</c> or <c>sftp</c>.</param>
/// <param name="Name">The repository's name.</param>
internal sealed record ChaosTarget(string Kind, string Name)
{
    public static int PortOf(string kind) =>
        kind == "s3"
            ? new Uri(TestServers.Value("S3_ENDPOINT")).Port
            : int.Parse(TestServers.Value("SFTP_PORT"), System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The target as a run sees it.</summary>
    /// <param name="endpoint">For S3 the address, for SFTP the port: of the server, or of the proxy in front of it.</param>
    public TargetSettings Settings(string endpoint) =>
        Kind == "s3"
            ? BackupProcess.S3(Name, endpoint)
            : new TargetSettings
            {
                Type = TargetType.Sftp,
                Host = "127.0.0.1",
                Port = int.Parse(endpoint, System.Globalization.CultureInfo.InvariantCulture),
                HostKey = TestServers.Value("SFTP_HOSTKEY"),
                Path = Path,
                Credential = "vault/sftp",
            };

    public string Endpoint => Kind == "s3" ? TestServers.Value("S3_ENDPOINT") : TestServers.Value("SFTP_PORT");

    public StockRestic Restic =>
        Kind == "s3"
            ? new StockRestic(
                $"s3:{TestServers.Value("S3_ENDPOINT")}/{TestServers.Value("S3_BUCKET")}/{Name}",
                "password",
                new Dictionary<string, string>
                {
                    ["AWS_ACCESS_KEY_ID"] = TestServers.Value("S3_ACCESS_KEY"),
                    ["AWS_SECRET_ACCESS_KEY"] = TestServers.Value("S3_SECRET_KEY"),
                },
                "--cacert",
                TestServers.Value("S3_CA")
            )
            : new StockRestic(Path, "password"); // restic's own SFTP client would need the host key in the user's known_hosts.

    private string Path => $"{TestServers.Value("SFTP_PATH")}/{Name}";

    /// <summary>Frees the space, if that is easy.</summary>
    public void Remove()
    {
        if (Kind == "sftp" && Directory.Exists(Path))
            Directory.Delete(Path, recursive: true);
    }
}
