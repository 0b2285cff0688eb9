using KlarKonform.Backup.Repository.Locks;

namespace KlarKonform.Backup.Engine.Snapshots;

/// <summary>Reports that a lock which seems dead is being watched, and for how much longer.</summary>
/// <param name="say">Receives the sentence.</param>
internal sealed class LockWatching(Action<string> say) : IProgress<LockWatch>
{
    /// <summary>For a command that shows its progress.</summary>
    public static LockWatching On(IBackupObserver observer) =>
        new(text => observer.Progress(new BackupProgress(null, text, -1, Completed: false)));

    public void Report(LockWatch value) =>
        say(
            value.Holder is { } holder
                ? Texts.Get("Progress_WatchingLock", holder.Host, holder.ProcessId, Math.Ceiling(value.Left.TotalMinutes))
                : Texts.Get("Progress_WatchingLockFile", Math.Ceiling(value.Left.TotalMinutes))
        );
}
