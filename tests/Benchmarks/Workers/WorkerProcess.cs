using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using KlarKonform.Backup.Benchmarks.Chaos;
using KlarKonform.Backup.Engine;

namespace KlarKonform.Backup.Benchmarks.Workers;

/// <summary>One worker of a shared run, in a process of its own and with a home folder of its own.</summary>
internal sealed class WorkerProcess : IDisposable
{
    // Concurrent resources: as on a machine whose line is the limit, not this machine's processor.
    private const int ThrottleLimit = 2;

    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(15);

    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly Task<string> _errors;

    private WorkerProcess(Process process)
    {
        _process = process;
        _output = process.StandardOutput.ReadToEndAsync();
        _errors = process.StandardError.ReadToEndAsync();
    }

    public bool HasExited => _process.HasExited;

    /// <summary>Starts a worker.</summary>
    /// <param name="folder">The tenant's certificate, and where the home folder is created.</param>
    /// <param name="baseUrl">The tenant.</param>
    /// <param name="target">The repository.</param>
    /// <param name="shards">How many shards there are; 1 is a run of one process.</param>
    /// <param name="index">The worker's first shard.</param>
    /// <param name="hurry">How much faster its clock runs.</param>
    public static WorkerProcess Start(string folder, string baseUrl, ChaosTarget target, int shards, int index, int hurry)
    {
        string[] numbers = [.. new[] { shards, index, hurry }.Select(number => number.ToString(CultureInfo.InvariantCulture))];
        return new WorkerProcess(
            Process.Start(
                new ProcessStartInfo(
                    Environment.ProcessPath!,
                    ["worker-run", folder, baseUrl, Path.Combine(folder, $"{target.Name}-{index}"), target.Kind, target.Name, .. numbers]
                )
                {
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                }
            ) ?? throw new InvalidOperationException("The worker did not start.")
        );
    }

    /// <summary>The work of the child process.</summary>
    public static async Task ExecuteAsync(string folder, string baseUrl, string home, ChaosTarget target, int shards, int index, int hurry)
    {
        var engine = hurry == 1 ? new BackupEngine(home) : new BackupEngine(home, new HastyTime(hurry), Random.Shared);
        var sources = new SourceSettings
        {
            Mail = new MailSelection(),
            Calendar = new SourceSelection(),
            Contacts = new SourceSelection(),
            OneDrive = new DriveSelection(),
        };
        var options = new BackupOptions
        {
            ThrottleLimit = ThrottleLimit,
            ShardCount = shards,
            ShardIndex = shards == 1 ? null : index,
        };
        var run = await BackupProcess.RunAsync(engine, folder, baseUrl, sources, target.Settings(target.Endpoint), options);
        Console.WriteLine(
            JsonSerializer.Serialize(
                new WorkerOutcome(run.Status.ToString(), run.SnapshotId, run.ItemsDownloaded, run.Verification is not null, [.. run.Notes])
            )
        );
    }

    public void Kill() => _process.Kill();

    /// <summary>Like a virtual machine that is paused, or a process that swaps.</summary>
    public void Pause() => Signal("STOP");

    public void Continue() => Signal("CONT");

    /// <summary>Waits for its end; null for one that was killed.</summary>
    public async Task<WorkerOutcome?> EndAsync()
    {
        using var limit = new CancellationTokenSource(s_limit);
        await _process.WaitForExitAsync(limit.Token);
        return _process.ExitCode == 0 ? JsonSerializer.Deserialize<WorkerOutcome>((await _output).Trim().Split('\n')[^1])
            : _process.ExitCode == 137 ? null
            : throw new InvalidOperationException($"A worker failed: {(await _errors).Trim()}");
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }

    private void Signal(string name)
    {
        using var kill = Process.Start("kill", ["-" + name, _process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }
}
