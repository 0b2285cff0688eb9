using System.Diagnostics;

namespace KlarKonform.Backup.TestSupport;

/// <summary>The stock restic program: the judge of every repository that we write.</summary>
public sealed class StockRestic
{
    private readonly string _repository;
    private readonly Dictionary<string, string> _environment;
    private readonly string[] _options;

    public StockRestic(string repository, string password, IReadOnlyDictionary<string, string>? environment = null, params string[] options)
    {
        _repository = repository;
        _options = options;
        _environment = new(environment ?? new Dictionary<string, string>()) { ["RESTIC_PASSWORD"] = password };
    }

    /// <summary>Runs restic and returns what it printed.</summary>
    /// <exception cref="InvalidOperationException">It did not exit with 0.</exception>
    public string Run(params string[] arguments)
    {
        var (code, output, errors) = TryRun(arguments);
        return code == 0 ? output : throw new InvalidOperationException($"restic {string.Join(' ', arguments)} exited with {code}:\n{output}\n{errors}");
    }

    public (int Code, string Output, string Errors) TryRun(params string[] arguments)
    {
        var start = new ProcessStartInfo("restic") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["-r", _repository, "--no-cache", .. _options, .. arguments])
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in _environment)
            start.Environment[name] = value;
        using var process = Process.Start(start) ?? throw new InvalidOperationException("restic did not start.");
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.Result);
    }
}
