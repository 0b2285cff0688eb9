using KlarKonform.Backup.Engine.Journal;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Engine.Sources.Resources;

namespace KlarKonform.Backup.Engine.Runs.Progress;

/// <summary>What all parts of a run share. Thread-safe.</summary>
/// <param name="Record">What is known of the run, or of the part of it that is worked on.</param>
/// <param name="Options">What narrows it.</param>
/// <param name="Observer">Hears how it goes.</param>
/// <param name="Events">Logs how it goes.</param>
/// <param name="Monitor">Tells which phase it is in.</param>
/// <param name="Time">Clock and pauses; the clock is right even where the computer's is wrong.</param>
/// <param name="Random">Samples and jitter.</param>
/// <param name="Abandon">Ends even what was begun, some seconds after the run was stopped.</param>
internal sealed record RunContext(RunProgress Record, BackupOptions Options, IBackupObserver Observer, RunEvents Events, RunMonitor Monitor, GraphTime Time, Random Random, CancellationToken Abandon)
{
    /// <summary>Shows as the run's phase that a lock in the way is watched.</summary>
    public LockWatching Watching => new(text => Monitor.Phase = text);

    /// <summary>Something that makes it doubtful whether everything is backed up that should be: the run is Partial, and says so.</summary>
    public void Doubt(string text)
    {
        Record.HasDoubts = true;
        Note(text);
    }

    /// <summary>Something that the admin should know.</summary>
    public void Note(string note)
    {
        Record.Note(note);
        Events.Write(RunEvent.Note, note);
    }
}
