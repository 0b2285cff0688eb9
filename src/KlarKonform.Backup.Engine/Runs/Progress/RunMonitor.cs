using System.Globalization;
using KlarKonform.Backup.Engine.Journal;

namespace KlarKonform.Backup.Engine.Runs.Progress;

/// <summary>
/// Once a second: reports the run's progress, here and through the journal to other processes; checks whether one of them asked it to stop;
/// and checks whether it is moving at all.
/// </summary>
internal sealed class RunMonitor(
    RunProgress record,
    RunJournal journal,
    RunClaim claim,
    IBackupObserver observer,
    RunEvents events,
    TimeProvider time,
    Action stop
)
{
    private static readonly TimeSpan s_tick = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_journalEvery = TimeSpan.FromSeconds(2);

    // With thousands of resources the journal file is large: writing it must take only a small share of the time.
    private const int JournalShare = 40;

    // How many current resources are named: a console shows one line.
    private const int MaxNamed = 3;

    private readonly RunEstimate _estimate = new();
    private readonly StallWatch _watch = new(record, time);
    private Task _telling = Task.CompletedTask;
    private volatile string? _phase;
    private bool _stopAsked;

    /// <summary>What the run does before and after its resources; null while those run.</summary>
    public string? Phase
    {
        get => _phase;
        set
        {
            _phase = value;
            Report();
        }
    }

    /// <summary>Until when requests wait because Microsoft asked for it; null if none waits.</summary>
    public Func<DateTimeOffset?>? Waits
    {
        set => _watch.Waits = value;
    }

    /// <summary>Notifies people of a stalled run.</summary>
    public Func<BackupRun, CancellationToken, Task>? Stalled { private get; set; }

    /// <summary>Whether the run stalled at any time and people were notified.</summary>
    public bool HasStalled { get; private set; }

    /// <summary>Something moved: a response, or a byte to or from the storage. Thread-safe.</summary>
    public void Moved() => _watch.Moved();

    /// <summary>Monitors the run until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        var (written, pause) = (began, s_journalEvery);
        try
        {
            using var timer = new PeriodicTimer(s_tick, time);
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                if (!_stopAsked && claim.IsStopRequested(record.Id))
                {
                    _stopAsked = true;
                    events.Write(RunEvent.StopRequested, Texts.Get("Event_StopRequested"));
                    stop();
                }

                _estimate.Add(time.GetElapsedTime(began), record.Bytes, record.Done, record.Plan.Count);
                var stands = _watch.Look(_phase);
                if (stands is not null)
                    Tell(stands.Value, cancellationToken);
                Report();
                if (stands is null && time.GetElapsedTime(written) < pause)
                    continue;
                var writing = time.GetTimestamp();
                await WriteAsync(cancellationToken);
                written = time.GetTimestamp();
                pause = TimeSpan.FromTicks(Math.Max(s_journalEvery.Ticks, JournalShare * time.GetElapsedTime(writing, written).Ticks));
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The run is over; the code that ended it writes the end.
        }

        // Whatever moved since the last look was moved by a run that has ended.
        if (_watch.Look(_phase) == false)
            Tell(stands: false, cancellationToken);
        await _telling;
    }

    private void Tell(bool stands, CancellationToken cancellationToken)
    {
        if (!stands)
        {
            events.Write(RunEvent.RunResumed, Texts.Get("Event_RunResumed"));
            return;
        }

        var text = Texts.Get("Event_RunStalled", record.Configuration.Name, Clock(_watch.StalledSince!.Value), Doing);
        events.Write(
            RunEvent.RunStalled,
            text,
            new
            {
                since = _watch.StalledSince,
                phase = _phase,
                current = record.Current,
            }
        );
        observer.Warning(text);
        HasStalled = true;
        if (Stalled is not null && _telling.IsCompleted)
            _telling = TellPeopleAsync(Stalled, AsItIs(), cancellationToken);
    }

    private static async Task TellPeopleAsync(
        Func<BackupRun, CancellationToken, Task> stalled,
        BackupRun run,
        CancellationToken cancellationToken
    )
    {
        try
        {
            // The channel that people are notified through may itself be stalled: the monitor does not wait for it.
            await Task.Run(() => stalled(run, cancellationToken), cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The run ended, and its end is reported.
        }
    }

    private BackupRun AsItIs() =>
        record.ToRun(BackupState.Running) with
        {
            Remaining = _estimate.Remaining,
            StalledSince = _watch.StalledSince,
            WaitsUntil = _watch.WaitsUntil,
        };

    private string Doing => _phase ?? Named(record.Current);

    private static string Named(IReadOnlyList<string> current) =>
        current.Count > MaxNamed
            ? Texts.Get("Progress_Current", string.Join(", ", current.Take(MaxNamed)), current.Count - MaxNamed)
            : string.Join(", ", current);

    private static string Clock(DateTimeOffset time) => time.ToLocalTime().ToString("g", CultureInfo.CurrentCulture);

    private async Task WriteAsync(CancellationToken cancellationToken)
    {
        try
        {
            await journal.WriteAsync(record.Configuration.Id, AsItIs(), cancellationToken);
        }
        catch (BackupException exception)
        {
            // A full local disk is not a reason to end a backup that goes elsewhere.
            observer.Verbose(exception.Message);
        }
    }

    private void Report()
    {
        if (_phase is { } phase)
        {
            observer.Progress(
                new BackupProgress(
                    null,
                    WithPause(phase),
                    record.Plan.Count > 0 && record.Done == record.Plan.Count ? 99 : 0,
                    Completed: false
                )
            );
            return;
        }

        var (done, total, current) = (record.Done, record.Plan.Count, record.Current);
        var text = Texts.Get(
            "Progress_Run",
            done,
            total,
            record.Items,
            HumanText.Size(record.Bytes),
            HumanText.Size((long)_estimate.BytesPerSecond)
        );
        observer.Progress(
            new BackupProgress(null, WithPause(text), total == 0 ? 0 : (int)(done * 99L / total), Completed: false)
            {
                CurrentOperation = Named(current),
                SecondsRemaining = _estimate.Remaining is { } left ? (int)Math.Min(left.TotalSeconds, int.MaxValue) : -1,
            }
        );
    }

    // Numbers that do not change look like a program that hangs, unless it says why.
    private string WithPause(string text) =>
        _watch.WaitsUntil is { } until ? Texts.Get("Progress_Waits", text, Clock(until))
        : _watch.StalledSince is { } since ? Texts.Get("Progress_Stalled", text, Clock(since))
        : text;
}
