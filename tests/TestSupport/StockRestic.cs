using System.Diagnostics;

namespace KlarKonform.Backup.TestSupport;

/// <summary>The stock restic program: the judge of every repository that we write.</summary>
public sealed class StockRestic
{
    /// <summary>The versions that tests/peers.sh installs: Debian 12's, and those of 2025 and 2026.</summary>
    public static readonly IReadOnlyList<string> Versions = ["0.14", "0.18", "0.19"];

    private readonly string _repository;
    private readonly Dictionary<string, string> _environment;
    private readonly string[] _options;

    public StockRestic(string repository, string password, IReadOnlyDictionary<string, string>? environment = null, params string[] options)
    {
        _repository = repository;
        _options = options;
        _environment = new(environment ?? new Dictionary<string, string>()) { ["RESTIC_PASSWORD"] = password };
    }

    /// <summary>Which of <see cref="Versions"/> to run; null for the system's own.</summary>
    public string? Version { get; init; }

    /// <summary>Null if a version is available, otherwise why a test cannot run. Where servers are required, so is every version.</summary>
    public static string? Missing(string version) => TestServers.MissingProgram(PathOf(version));

    /// <summary>Runs restic and returns what it printed.</summary>
    /// <exception cref="InvalidOperationException">It did not exit with 0.</exception>
    public string Run(params string[] arguments)
    {
        var (code, output, errors) = TryRun(arguments);
        return code == 0
            ? output
            : throw new InvalidOperationException($"restic {string.Join(' ', arguments)} exited with {code}:\n{output}\n{errors}");
    }

    public (int Code, string Output, string Errors) TryRun(params string[] arguments)
    {
        using var process = Start(arguments);
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.Result);
    }

    /// <summary>Starts restic for a test that ends it itself, as needed for <c>mount</c>.</summary>
    public Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo(Version is null ? "restic" : PathOf(Version))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in (string[])["-r", _repository, "--no-cache", .. _options, .. arguments])
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in _environment)
            start.Environment[name] = value;
        return Process.Start(start) ?? throw new InvalidOperationException("restic did not start.");
    }

    private static string PathOf(string version) => Path.Combine(Folder(), $"restic-{version}");

    // As chosen by tests/peers.sh.
    private static string Folder()
    {
        if (Environment.GetEnvironmentVariable("KK_TEST_PEERS") is { Length: > 0 } chosen)
            return chosen;
        var cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } named
            ? named
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        return Path.Combine(cache, "klarkonform-peers");
    }
}
