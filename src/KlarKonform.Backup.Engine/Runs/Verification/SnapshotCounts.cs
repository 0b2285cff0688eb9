using KlarKonform.Backup.Repository.Snapshots;
using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Engine.Runs.Verification;

/// <summary>How a snapshot differs from another one. Differences add up.</summary>
/// <param name="FilesNew">Files at paths where there was none.</param>
/// <param name="FilesChanged">Files of which content or metadata is another.</param>
/// <param name="FoldersNew">Folders at paths where there was none.</param>
/// <param name="FoldersChanged">Folders of which metadata or anything below is another.</param>
/// <param name="More">What it holds more; negative where it is less.</param>
internal readonly record struct SnapshotCounts(long FilesNew, long FilesChanged, long FoldersNew, long FoldersChanged, TreeTotals More)
{
    /// <summary>What a snapshot says of how it differs from one that held so much.</summary>
    public static SnapshotCounts Of(SnapshotSummary summary, TreeTotals before)
    {
        var now = TotalsOf(summary);
        return new SnapshotCounts(summary.FilesNew, summary.FilesChanged, summary.DirsNew, summary.DirsChanged, now - before);
    }

    /// <summary>What a snapshot says that it holds.</summary>
    public static TreeTotals TotalsOf(SnapshotSummary summary) =>
        new(summary.TotalFilesProcessed, summary.TotalBytesProcessed, summary.DirsNew + summary.DirsChanged + summary.DirsUnmodified);

    public static SnapshotCounts operator +(SnapshotCounts left, SnapshotCounts right) => new(
        left.FilesNew + right.FilesNew,
        left.FilesChanged + right.FilesChanged,
        left.FoldersNew + right.FoldersNew,
        left.FoldersChanged + right.FoldersChanged,
        left.More + right.More);

    public static SnapshotCounts operator -(SnapshotCounts left, SnapshotCounts right) => new(
        left.FilesNew - right.FilesNew,
        left.FilesChanged - right.FilesChanged,
        left.FoldersNew - right.FoldersNew,
        left.FoldersChanged - right.FoldersChanged,
        left.More - right.More);
}
