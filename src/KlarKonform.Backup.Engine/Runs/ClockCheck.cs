using KlarKonform.Backup.Repository;
using KlarKonform.Backup.Repository.Snapshots;

namespace KlarKonform.Backup.Engine.Runs;

/// <summary>Tells the admin of a clock that is behind that of earlier runs.</summary>
internal static class ClockCheck
{
    // Clocks that are kept by a time server differ by less.
    private static readonly TimeSpan s_slack = TimeSpan.FromMinutes(5);

    public static void Note(RunContext context, IReadOnlyList<(BlobId Id, Snapshot Snapshot)> snapshots)
    {
        if (snapshots.Count > 0 && snapshots[^1].Snapshot.Taken - context.Time.GetUtcNow() is var ahead && ahead > s_slack)
            context.Note(Texts.Get("ClockBehind", snapshots[^1].Snapshot.Taken.ToLocalTime()));
    }
}
