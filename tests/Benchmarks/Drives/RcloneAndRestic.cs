using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Benchmarks.Drives;

/// <summary>What a user would do without us: rclone to a disk that has room for everything, restic from there to the bucket.</summary>
internal sealed class RcloneAndRestic(string folder, Rclone rclone) : IDriveContestant
{
    private readonly Dictionary<string, string> _environment = new()
    {
        ["RESTIC_PASSWORD"] = "password",
        ["AWS_ACCESS_KEY_ID"] = TestServers.Value("S3_ACCESS_KEY"),
        ["AWS_SECRET_ACCESS_KEY"] = TestServers.Value("S3_SECRET_KEY"),
    };

    public string Name => "rclone and restic";

    public Measurement First(string round) =>
        rclone.Copy("drive:", Copy(round)).Then(Restic(round, "init")).Then(Restic(round, "backup", Copy(round)));

    // restic is not asked to check after the backup: our own verification is included in our figure, which makes it harder for us.
    public Measurement Again(string round) => rclone.Copy("drive:", Copy(round)).Then(Restic(round, "backup", Copy(round)));

    public Measurement Restore(string round, string destination) => Restic(round, "restore", "latest", "--target", destination);

    public void Clean(string round)
    {
        Directory.Delete(Copy(round), recursive: true);
        Directory.Delete(Cache(round), recursive: true);
    }

    private string Copy(string round) => Path.Combine(folder, $"copy-{round}");

    private string Cache(string round) => Path.Combine(folder, $"cache-{round}");

    private Measurement Restic(string round, params string[] arguments) =>
        Measurement.Of(
            "restic",
            [
                "-r",
                $"s3:{TestServers.Value("S3_ENDPOINT")}/{TestServers.Value("S3_BUCKET")}/{round}",
                "--cacert",
                TestServers.Value("S3_CA"),
                "--cache-dir",
                Cache(round),
                "-q",
                .. arguments,
            ],
            _environment
        );
}
