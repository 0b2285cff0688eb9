using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using KlarKonform.Backup.Engine;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Benchmarks.Chaos;

/// <summary>One run in a process of its own, to be killed.</summary>
internal sealed class ChaosRun : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly Task<string> _errors;

    private ChaosRun(Process process)
    {
        _process = process;
        _output = process.StandardOutput.ReadToEndAsync();
        _errors = process.StandardError.ReadToEndAsync();
    }

    /// <summary>Begins a run.</summary>
    /// <param name="folder">The tenant's certificate.</param>
    /// <param name="baseUrl">The tenant.</param>
    /// <param name="home">The machine's home folder; a new one is another machine.</param>
    /// <param name="target">The repository.</param>
    /// <param name="endpoint">Its endpoint.</param>
    /// <param name="clock">0 for a correct clock, otherwise the seed of its jumps.</param>
    public static ChaosRun Start(string folder, string baseUrl, string home, ChaosTarget target, string endpoint, int clock = 0)
    {
        var start = new ProcessStartInfo(
            Environment.ProcessPath!,
            ["chaos-run", folder, baseUrl, home, target.Kind, target.Name, endpoint, clock.ToString(CultureInfo.InvariantCulture)]
        )
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // Like a scheduled PowerShell: compiled as it runs.
        start.Environment["DOTNET_TieredCompilation"] = "1";
        return new ChaosRun(Process.Start(start) ?? throw new InvalidOperationException("The run did not start."));
    }

    /// <summary>The work of the child process.</summary>
    public static async Task ExecuteAsync(string folder, string baseUrl, string home, ChaosTarget target, string endpoint, int clock)
    {
        var time = new JumpingTime();
        var random = new Random(clock);
        await using var jumps =
            clock == 0
                ? null
                : new Timer(
                    _ => time.Jump(TimeSpan.FromMinutes(random.Next(-90, 90))),
                    null,
                    TimeSpan.FromSeconds(1),
                    TimeSpan.FromSeconds(2)
                );
        var sources = new SourceSettings
        {
            Mail = new MailSelection(),
            Calendar = new SourceSelection(),
            Contacts = new SourceSelection(),
            OneDrive = new DriveSelection(),
        };
        var engine = clock == 0 ? new BackupEngine(home) : new BackupEngine(home, time, Random.Shared);
        var run = await BackupProcess.RunAsync(engine, folder, baseUrl, sources, target.Settings(endpoint));
        Console.WriteLine(
            JsonSerializer.Serialize(
                new ChaosOutcome(
                    run.Status.ToString(),
                    run.Verified == true,
                    run.ItemsDownloaded,
                    run.BytesDownloaded,
                    [.. run.Failures.Select(failure => $"{failure.Kind} {failure.Code}: {failure.Message}").Distinct().Take(3)],
                    [.. run.Notes.Take(5)]
                )
            )
        );
    }

    /// <summary>Kills it like a power cut, unless it has ended before.</summary>
    /// <returns>Whether it was killed.</returns>
    public async Task<bool> KillAfterAsync(TimeSpan time)
    {
        await Task.WhenAny(_process.WaitForExitAsync(), Task.Delay(time));
        if (_process.HasExited)
            return false;
        _process.Kill();
        await _process.WaitForExitAsync();
        return true;
    }

    /// <summary>Waits for its end.</summary>
    public async Task<ChaosOutcome> EndAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(10));
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill();
            return new ChaosOutcome("Hangs", false, 0, 0, [], []);
        }

        return _process.ExitCode == 0
            ? JsonSerializer.Deserialize<ChaosOutcome>((await _output).Trim().Split('\n')[^1])!
            : new ChaosOutcome("Failed", false, 0, 0, [], [(await _errors).Trim()]);
    }

    public void Dispose() => _process.Dispose();
}
