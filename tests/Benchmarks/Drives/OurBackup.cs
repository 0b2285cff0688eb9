using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Benchmarks.Drives;

/// <summary>Our engine, verification included.</summary>
/// <param name="folder">The benchmark's folder.</param>
/// <param name="baseUrl">The tenant.</param>
internal sealed class OurBackup(string folder, string baseUrl) : IDriveContestant
{
    /// <summary>PowerShell's defaults; this program's project file sets others for the repository's comparison.</summary>
    public static readonly IReadOnlyDictionary<string, string> RuntimeDefaults = new Dictionary<string, string>
    {
        ["DOTNET_gcConcurrent"] = "1",
        ["DOTNET_TieredCompilation"] = "1",
    };

    public string Name => "ours";

    public Measurement First(string round) => Run("drive-run", round);

    public Measurement Again(string round) => Run("drive-run", round);

    public Measurement Restore(string round, string destination) => Run("drive-restore", round, destination);

    public void Clean(string round) => Directory.Delete(Home(round), recursive: true);

    private string Home(string round) => Path.Combine(folder, $"home-{round}");

    private Measurement Run(string command, string round, params string[] more) =>
        Measurement.Of(
            Environment.ProcessPath!,
            [command, folder, baseUrl, Home(round), round, TestServers.Value("S3_ENDPOINT"), .. more],
            RuntimeDefaults
        );
}
