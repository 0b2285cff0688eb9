using System.Text.Json;
using System.Text.Json.Serialization;
using KlarKonform.Backup.Engine.Configuration;
using KlarKonform.Backup.Engine.Journal;

namespace KlarKonform.Backup.Engine.Scheduling;

/// <summary>
/// The foreground scheduler: runs what is due, one run per configuration at a time. What was missed while the scheduler was not running is
/// made up once. A small file shows its health to monitoring. Used once.
/// </summary>
/// <param name="configurations">The configurations to run, read again every minute.</param>
/// <param name="journal">Says when a configuration last ran.</param>
/// <param name="run">Runs a configuration; if its previous run is still active, it refuses with AlreadyRunning, or with RunOverdue if that
/// run has lasted too long.</param>
/// <param name="options">The caller's options.</param>
/// <param name="observer">Receives progress and warnings.</param>
/// <param name="time">Clock and pauses.</param>
internal sealed class BackupScheduler(
    ConfigurationStore configurations,
    RunJournal journal,
    Func<BackupConfiguration, CancellationToken, Task<BackupRun>> run,
    SchedulerOptions options,
    IBackupObserver observer,
    TimeProvider time
)
{
    // Configurations are read again as often: a changed schedule soon takes effect.
    private static readonly TimeSpan s_look = TimeSpan.FromMinutes(1);

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter() },
    };

    private readonly DateTimeOffset _began = time.GetUtcNow();
    private readonly Dictionary<Guid, Entry> _entries = [];
    private IReadOnlyList<BackupException> _problems = [];

    /// <summary>Runs until cancelled; then the active run saves its checkpoint.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var next = await LookAsync(cancellationToken);
                await WriteHealthAsync(cancellationToken);
                var pause = next is { } moment && moment - time.GetUtcNow() < s_look ? moment - time.GetUtcNow() : s_look;
                await Task.Delay(pause > TimeSpan.Zero ? pause : TimeSpan.FromMilliseconds(1), time, cancellationToken);
            }
        }
        finally
        {
            await Task.WhenAll(_entries.Values.SelectMany(entry => new[] { entry.Running, entry.Asking }));
            await WriteHealthAsync(CancellationToken.None);
        }
    }

    // The next time at which anything is due.
    private async Task<DateTimeOffset?> LookAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset? earliest = null;
        var now = time.GetUtcNow();
        var seen = new HashSet<Guid>();
        foreach (var configuration in await ReadAsync(cancellationToken))
        {
            if (configuration.Schedule is not { Enabled: true } settings)
                continue;
            seen.Add(configuration.Id);
            if (!_entries.TryGetValue(configuration.Id, out var entry) || entry.Settings != settings)
            {
                // Counted from the last run: what was missed since then is due now, once. A configuration that never ran starts at its next
                // time.
                var newest = entry is null ? await journal.NewestAsync(configuration.Id, cancellationToken) : null;
                var since = entry is null ? newest?.Started ?? _began : now;
                _entries[configuration.Id] = entry = new Entry(configuration.Name, settings)
                {
                    Due = CronSchedule.Of(settings).Next(since),
                    Running = entry?.Running ?? Task.CompletedTask,
                    Last = entry is null ? newest?.Status : entry.Last,
                };
            }

            if (entry.Due <= now)
            {
                entry.Due = CronSchedule.Of(settings).Next(now);
                if (entry.Running.IsCompleted)
                    entry.Running = ExecuteAsync(configuration, entry, cancellationToken);
                else
                    entry.Asking = AskAsync(configuration, entry, cancellationToken);
            }

            if (entry.Due is { } due && (earliest is null || due < earliest))
                earliest = due;
        }

        foreach (var gone in _entries.Keys.Where(id => !seen.Contains(id) && _entries[id].Running.IsCompleted).ToArray())
            _entries.Remove(gone);
        return earliest;
    }

    // One file that is being edited must not stop the others. It is reported once, not every minute.
    private async Task<IReadOnlyList<BackupConfiguration>> ReadAsync(CancellationToken cancellationToken)
    {
        ConfigurationListing found;
        try
        {
            found = await configurations.FindAsync(options.Pattern, cancellationToken);
        }
        catch (Exception exception) when (exception is BackupException or IOException or UnauthorizedAccessException)
        {
            found = new ConfigurationListing(
                [],
                [
                    exception as BackupException
                        ?? new BackupException(
                            ErrorIds.HomeUnwritable,
                            BackupErrorCategory.PermissionDenied,
                            options.Pattern,
                            options.Pattern,
                            exception.Message
                        ),
                ]
            );
        }

        foreach (var problem in found.Problems.Where(problem => !_problems.Any(known => known.Message == problem.Message)))
            observer.Warning(problem.Message);
        _problems = found.Problems;
        return found.Configurations;
    }

    private async Task ExecuteAsync(BackupConfiguration configuration, Entry entry, CancellationToken cancellationToken)
    {
        // Off the loop's own thread: a run's first steps may take time.
        await Task.Yield();
        try
        {
            var done = await run(configuration, cancellationToken);
            (entry.Last, entry.IsOverdue) = (done.Status, false);
            options.Ended?.Invoke(done);
        }
        catch (BackupException exception) when (exception.ErrorId is ErrorIds.AlreadyRunning or ErrorIds.AlreadyRunningElsewhere)
        {
            // It was started elsewhere: that run is as good as this one.
            observer.Warning(Texts.Get("ScheduleOverlap", configuration.Name));
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // Whatever the error is, the other configurations continue.
            (entry.Last, entry.IsOverdue) = (BackupState.Failed, exception is BackupException { ErrorId: ErrorIds.RunOverdue });
            observer.Warning(Texts.Get("ScheduleRunFailed", configuration.Name, exception.Message));
        }
        catch (OperationCanceledException)
        {
            entry.Last = BackupState.Partial;
        }
    }

    // Its run is still active. Whether it has lasted too long shows in the attempt to start another, which the run's claim refuses.
    private async Task AskAsync(BackupConfiguration configuration, Entry entry, CancellationToken cancellationToken)
    {
        await Task.Yield();
        var running = entry.Running;
        try
        {
            options.Ended?.Invoke(await run(configuration, cancellationToken)); // It has just ended.
        }
        catch (BackupException exception) when (exception.ErrorId == ErrorIds.RunOverdue)
        {
            entry.IsOverdue = !running.IsCompleted;
            observer.Warning(Texts.Get("ScheduleRunFailed", configuration.Name, exception.Message));
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            observer.Warning(Texts.Get("ScheduleOverlap", configuration.Name));
        }
        catch (OperationCanceledException)
        {
            // The scheduler ends.
        }
    }

    private async Task WriteHealthAsync(CancellationToken cancellationToken)
    {
        if (options.HealthPath is null)
            return;
        var health = new
        {
            time = time.GetUtcNow(),
            processId = Environment.ProcessId,
            healthy = _problems.Count == 0 && _entries.Values.All(entry => entry is { Last: not BackupState.Failed, IsOverdue: false }),
            unreadable = _problems.Select(problem => problem.Target),
            configurations = _entries
                .Values.OrderBy(entry => entry.Name, StringComparer.Ordinal)
                .Select(entry => new
                {
                    name = entry.Name,
                    next = entry.Due,
                    running = !entry.Running.IsCompleted,
                    overdue = entry.IsOverdue,
                    last = entry.Last,
                }),
        };
        try
        {
            await BackupHome.WriteAsync(options.HealthPath, JsonSerializer.SerializeToUtf8Bytes(health, s_json), cancellationToken);
        }
        catch (BackupException exception)
        {
            observer.Warning(exception.Message); // Monitoring sees an old file; the backups continue.
        }
    }

    private sealed class Entry(string name, ScheduleSettings settings)
    {
        public string Name => name;

        public ScheduleSettings Settings => settings;

        public DateTimeOffset? Due { get; set; }

        public Task Running { get; set; } = Task.CompletedTask;

        public Task Asking { get; set; } = Task.CompletedTask;

        public BackupState? Last { get; set; }

        /// <summary>Whether its run has lasted longer than the schedule's interval.</summary>
        public bool IsOverdue { get; set; }
    }
}
