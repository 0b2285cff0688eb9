using KlarKonform.Backup.Repository.Snapshots;
using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Engine.Runs.Verification;

/// <summary>How a snapshot differs from another one. Differences can be added.</summary>
/// <param name="FilesNew">Files at paths where there was none.</param>
/// <param name="FilesChanged">Files whose content or metadata differs.</param>
/// <param name="FoldersNew">Folders at paths where there was none.</param>
/// <param name="FoldersChanged">Folders whose metadata or contents differ at any depth.</param>
/// <param name="More">How much more it holds; negative if it is less.</param>
internal readonly record struct SnapshotCounts(long FilesNew, long FilesChanged, long FoldersNew, long FoldersChanged, TreeTotals More)
{
    /// <summary>What a snapshot's summary says about the difference from one with these totals.</summary>
    public static SnapshotCounts Of(SnapshotSummary summary, TreeTotals before)
    {
        var now = TotalsOf(summary);
        return new SnapshotCounts(summary.FilesNew, summary.FilesChanged, summary.DirsNew, summary.DirsChanged, now - before);
    }

    /// <summary>The totals according to a snapshot's summary.</summary>
    public static TreeTotals TotalsOf(SnapshotSummary summary) =>
        new(summary.TotalFilesProcessed, summary.TotalBytesProcessed, summary.DirsNew + summary.DirsChanged + summary.DirsUnmodified);

    public static SnapshotCounts operator +(SnapshotCounts left, SnapshotCounts right) =>
        new(
            left.FilesNew + right.FilesNew,
            left.FilesChanged + right.FilesChanged,
            left.FoldersNew + right.FoldersNew,
            left.FoldersChanged + right.FoldersChanged,
            left.More + right.More
        );

    public static SnapshotCounts operator -(SnapshotCounts left, SnapshotCounts right) =>
        new(
            left.FilesNew - right.FilesNew,
            left.FilesChanged - right.FilesChanged,
            left.FoldersNew - right.FoldersNew,
            left.FoldersChanged - right.FoldersChanged,
            left.More - right.More
        );
}
