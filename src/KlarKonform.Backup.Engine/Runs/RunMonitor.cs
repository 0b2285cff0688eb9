using KlarKonform.Backup.Engine.Runs.Journal;

namespace KlarKonform.Backup.Engine.Runs;

/// <summary>
/// Once a second: tells how the run goes, to whoever watches it here and, by the journal, in other processes, and looks whether one of
/// them asked it to stop.
/// </summary>
internal sealed class RunMonitor(RunRecord record, RunJournal journal, RunClaim claim, IBackupObserver observer, RunEvents events, TimeProvider time, Action stop)
{
    private static readonly TimeSpan s_tick = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_journalEvery = TimeSpan.FromSeconds(2);

    // Of thousands of resources the journal's file is large: writing it must not take more than a small share of the time.
    private const int JournalShare = 40;

    // What is named as current: a console shows a line.
    private const int MaxNamed = 3;

    private readonly RunEstimate _estimate = new();
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

    /// <summary>Monitors until it is stopped.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        var (written, pause) = (began, s_journalEvery);
        try
        {
            using var timer = new PeriodicTimer(s_tick, time);
            while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
            {
                if (!_stopAsked && claim.IsStopRequested(record.Id))
                {
                    _stopAsked = true;
                    events.Write(RunEvent.StopRequested, Texts.Get("Event_StopRequested"));
                    stop();
                }

                _estimate.Add(time.GetElapsedTime(began), record.Bytes, record.Done, record.Plan.Count);
                Report();
                if (time.GetElapsedTime(written) < pause)
                    continue;
                var writing = time.GetTimestamp();
                await WriteAsync(cancellationToken).ConfigureAwait(false);
                written = time.GetTimestamp();
                pause = TimeSpan.FromTicks(Math.Max(s_journalEvery.Ticks, JournalShare * time.GetElapsedTime(writing, written).Ticks));
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The run is over; its end is written by whoever ended it.
        }
    }

    private async Task WriteAsync(CancellationToken cancellationToken)
    {
        try
        {
            await journal.WriteAsync(record.Configuration.Id, record.ToRun(BackupState.Running) with { Remaining = _estimate.Remaining }, cancellationToken).ConfigureAwait(false);
        }
        catch (BackupException exception)
        {
            // A full disk here is no reason to end a backup that goes elsewhere.
            observer.Verbose(exception.Message);
        }
    }

    private void Report()
    {
        if (_phase is { } phase)
        {
            observer.Progress(new BackupProgress(null, phase, record.Plan.Count > 0 && record.Done == record.Plan.Count ? 99 : 0, Completed: false));
            return;
        }

        var (done, total, current) = (record.Done, record.Plan.Count, record.Current);
        var text = Texts.Get("Progress_Run", done, total, record.Items, HumanText.Size(record.Bytes), HumanText.Size((long)_estimate.BytesPerSecond));
        observer.Progress(new BackupProgress(null, text, total == 0 ? 0 : (int)(done * 99L / total), Completed: false)
        {
            CurrentOperation = current.Count > MaxNamed ? Texts.Get("Progress_Current", string.Join(", ", current.Take(MaxNamed)), current.Count - MaxNamed) : string.Join(", ", current),
            SecondsRemaining = _estimate.Remaining is { } left ? (int)Math.Min(left.TotalSeconds, int.MaxValue) : -1,
        });
    }
}
