using KlarKonform.Backup.Engine.Journal;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Engine.Sources.Resources;

namespace KlarKonform.Backup.Engine.Runs.Progress;

/// <summary>What all parts of a run share. Thread-safe.</summary>
/// <param name="Record">What is known of the run, or of the part that is being worked on.</param>
/// <param name="Options">Options that restrict the run.</param>
/// <param name="Observer">Receives progress and warnings.</param>
/// <param name="Events">Writes the event log.</param>
/// <param name="Monitor">Shows its current phase.</param>
/// <param name="Time">Clock and pauses; the clock is right even if the computer's is wrong.</param>
/// <param name="Random">Samples and jitter.</param>
/// <param name="Abandon">Cancels even work in progress, some seconds after the run was stopped.</param>
internal sealed record RunContext(
    RunProgress Record,
    BackupOptions Options,
    IBackupObserver Observer,
    RunEvents Events,
    RunMonitor Monitor,
    GraphTime Time,
    Random Random,
    CancellationToken Abandon
)
{
    /// <summary>What its resources need to know of it.</summary>
    public ResourceContext ForResources =>
        new(Observer, Events, Record.Configuration.AcceptedFailures ?? [], Time) { IsFull = Options.Full };

    /// <summary>Shows, as the run's phase, that a lock in the way is being watched.</summary>
    public LockWatching Watching => new(text => Monitor.Phase = text);

    /// <summary>Records something that makes it doubtful whether everything is backed up: the run becomes Partial, and says so.</summary>
    public void Doubt(string text)
    {
        Record.HasDoubts = true;
        Note(text);
    }

    /// <summary>Adds a note for the admin.</summary>
    public void Note(string note)
    {
        Record.Note(note);
        Events.Write(RunEvent.Note, note);
    }
}
