using System.Text.Json;
using System.Text.Json.Serialization;
using KlarKonform.Backup.Engine.Configuration;
using KlarKonform.Backup.Engine.Runs.Journal;

namespace KlarKonform.Backup.Engine.Scheduling;

/// <summary>
/// The foreground scheduler: runs what is due, one run a configuration at a time. What was missed while nobody looked is made up once. Health
/// is a small file for whoever watches. Used once.
/// </summary>
internal sealed class BackupScheduler(ConfigurationStore configurations, RunJournal journal, Func<BackupConfiguration, CancellationToken, Task<BackupRun>> run, SchedulerOptions options, IBackupObserver observer, TimeProvider time)
{
    // Configurations are read anew as often: a changed schedule is soon in force.
    private static readonly TimeSpan s_look = TimeSpan.FromMinutes(1);

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { WriteIndented = true, Converters = { new JsonStringEnumConverter() } };

    private readonly DateTimeOffset _began = time.GetUtcNow();
    private readonly Dictionary<Guid, Entry> _entries = [];

    /// <summary>Runs until it is cancelled; then what is on saves its checkpoint.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var next = await LookAsync(cancellationToken).ConfigureAwait(false);
                await WriteHealthAsync(cancellationToken).ConfigureAwait(false);
                var pause = next is { } moment && moment - time.GetUtcNow() < s_look ? moment - time.GetUtcNow() : s_look;
                await Task.Delay(pause > TimeSpan.Zero ? pause : TimeSpan.FromMilliseconds(1), time, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            await Task.WhenAll(_entries.Values.Select(entry => entry.Running)).ConfigureAwait(false);
            await WriteHealthAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }

    // The next moment at which anything is due.
    private async Task<DateTimeOffset?> LookAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset? earliest = null;
        var now = time.GetUtcNow();
        var seen = new HashSet<Guid>();
        foreach (var configuration in await ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (configuration.Schedule is not { Enabled: true } settings)
                continue;
            seen.Add(configuration.Id);
            if (!_entries.TryGetValue(configuration.Id, out var entry) || entry.Settings != settings)
            {
                // From the last run on: what came after it and was missed is due now, once. Whoever never ran begins with the next time.
                var newest = entry is null ? await journal.NewestAsync(configuration.Id, cancellationToken).ConfigureAwait(false) : null;
                var since = entry is null ? newest?.Started ?? _began : now;
                _entries[configuration.Id] = entry = new Entry(configuration.Name, settings) { Due = CronSchedule.Of(settings).Next(since), Running = entry?.Running ?? Task.CompletedTask, Last = entry is null ? newest?.Status : entry.Last };
            }

            if (entry.Due <= now)
            {
                entry.Due = CronSchedule.Of(settings).Next(now);
                if (entry.Running.IsCompleted)
                    entry.Running = ExecuteAsync(configuration, entry, cancellationToken);
                else
                    observer.Warning(Texts.Get("ScheduleOverlap", configuration.Name));
            }

            if (entry.Due is { } due && (earliest is null || due < earliest))
                earliest = due;
        }

        foreach (var gone in _entries.Keys.Where(id => !seen.Contains(id) && _entries[id].Running.IsCompleted).ToArray())
            _entries.Remove(gone);
        return earliest;
    }

    // One file that somebody is editing must not stop the others.
    private async Task<IReadOnlyList<BackupConfiguration>> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await configurations.FindAsync(options.Pattern, cancellationToken).ConfigureAwait(false);
        }
        catch (BackupException exception)
        {
            observer.Warning(exception.Message);
            return [];
        }
    }

    private async Task ExecuteAsync(BackupConfiguration configuration, Entry entry, CancellationToken cancellationToken)
    {
        // Off the loop's own thread: a run's first steps may take their time.
        await Task.Yield();
        try
        {
            var done = await run(configuration, cancellationToken).ConfigureAwait(false);
            entry.Last = done.Status;
            options.Ended?.Invoke(done);
        }
        catch (BackupException exception)
        {
            entry.Last = BackupState.Failed;
            observer.Warning(Texts.Get("ScheduleRunFailed", configuration.Name, exception.Message));
        }
        catch (OperationCanceledException)
        {
            entry.Last = BackupState.Partial;
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
            healthy = _entries.Values.All(entry => entry.Last != BackupState.Failed),
            configurations = _entries.Values.OrderBy(entry => entry.Name, StringComparer.Ordinal).Select(entry => new { name = entry.Name, next = entry.Due, running = !entry.Running.IsCompleted, last = entry.Last }),
        };
        try
        {
            await BackupHome.WriteAsync(options.HealthPath, JsonSerializer.SerializeToUtf8Bytes(health, s_json), cancellationToken).ConfigureAwait(false);
        }
        catch (BackupException exception)
        {
            observer.Warning(exception.Message); // Whoever watches sees an old file; the backups go on.
        }
    }

    private sealed class Entry(string name, ScheduleSettings settings)
    {
        public string Name => name;

        public ScheduleSettings Settings => settings;

        public DateTimeOffset? Due { get; set; }

        public Task Running { get; set; } = Task.CompletedTask;

        public BackupState? Last { get; set; }
    }
}
