using KlarKonform.Backup.Engine.Runs.Progress;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Snapshots;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Engine.Runs.Batches;

/// <summary>Warns the admin of wrong clocks: the computer's, that of earlier runs, the storage's.</summary>
internal static class ClockCheck
{
    /// <summary>Compares the clocks.</summary>
    /// <param name="context">The run, whose time is taken as right.</param>
    /// <param name="session">The repository; its locks were written a moment ago.</param>
    /// <param name="snapshots">The configuration's snapshots, oldest first.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public static async Task NoteAsync(
        RunContext context,
        BackupRepository session,
        IReadOnlyList<StoredSnapshot> snapshots,
        CancellationToken cancellationToken
    )
    {
        var now = context.Time.GetUtcNow();
        if (context.Time.Wrong is { } wrong)
            context.Doubt(
                Texts.Get(
                    "ClockOff",
                    Math.Round(wrong.Duration().TotalMinutes),
                    Texts.Get(wrong > TimeSpan.Zero ? "ClockAhead" : "ClockBack")
                )
            );
        if (snapshots.FirstOrDefault(each => each.Snapshot.Taken - now > GraphTime.Tolerance) is { Snapshot: { } future } ahead)
            context.Note(Texts.Get("ClockBehind", ahead.Id.ToShortString(), future.Taken.ToLocalTime()));
        if (
            await StorageTimeAsync(session.Store, cancellationToken) is { } stored
            && (stored - now).Duration() is var off
            && off > GraphTime.Tolerance
        )
            context.Note(Texts.Get("ClockOfStorage", session.Store.Location, Math.Round(off.TotalMinutes)));
    }

    // The newest lock is this run's own, or one that another process renewed within the last few minutes.
    private static async Task<DateTimeOffset?> StorageTimeAsync(IObjectStore store, CancellationToken cancellationToken)
    {
        DateTimeOffset? newest = null;
        await foreach (var item in store.ListAsync(RepositoryLayout.Folder(RepositoryFile.Lock), cancellationToken))
            newest = item.Modified is { } modified && !(modified < newest) ? modified : newest;
        return newest;
    }
}
