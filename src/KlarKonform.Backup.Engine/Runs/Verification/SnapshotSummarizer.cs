using KlarKonform.Backup.Engine.Runs.Progress;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Json;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Snapshots;
using KlarKonform.Backup.Repository.Trees;
using KlarKonform.Backup.Repository.Writing;

namespace KlarKonform.Backup.Engine.Runs.Verification;

/// <summary>
/// Creates the summary that restic shows for a snapshot: counted by comparing its trees with those of the last complete snapshot, not by
/// what the run believes it did. Checkpoints have none: counting would cost a walk for each of them, and they are removed with the next
/// one.
/// </summary>
/// <param name="context">The run.</param>
/// <param name="reader">Reads trees, including those not flushed yet.</param>
/// <param name="writer">The run's writer; its counts include what an interrupted run, which this one continues, stored before.</param>
/// <param name="snapshots">The configuration's snapshots before this one, oldest first.</param>
internal sealed class SnapshotSummarizer(
    RunContext context,
    RepositoryReader reader,
    RepositoryWriter writer,
    IReadOnlyList<StoredSnapshot> snapshots
)
{
    /// <summary>What workers contributed; empty if one process did everything.</summary>
    public IReadOnlyList<GraftedPart> Parts { get; init; } = [];

    /// <summary>Summarises a snapshot in the making; null if an earlier tree cannot be read.</summary>
    /// <param name="root">Its root.</param>
    /// <param name="started">When the backup began.</param>
    /// <param name="cancellationToken">Cancels the counting.</param>
    public async Task<SnapshotSummary?> SummarizeAsync(BlobId root, DateTimeOffset started, CancellationToken cancellationToken)
    {
        try
        {
            var last = snapshots.LastComplete()?.Snapshot;
            var before = await TotalsOfAsync(last, cancellationToken);
            var counts = await CompareAsync(last?.Root, root, before, cancellationToken);
            var now = before + counts.More;
            var parts = Parts.Select(part => part.Summary).OfType<SnapshotSummary>().ToArray();
            return new SnapshotSummary
            {
                BackupStart = NanoTime.From(TimeZoneInfo.ConvertTime(started, context.Time.LocalTimeZone)).ToString(),
                BackupEnd = NanoTime.From(context.Time.GetLocalNow()).ToString(),
                FilesNew = counts.FilesNew,
                FilesChanged = counts.FilesChanged,
                FilesUnmodified = now.Files - counts.FilesNew - counts.FilesChanged,
                DirsNew = counts.FoldersNew,
                DirsChanged = counts.FoldersChanged,
                DirsUnmodified = now.Folders - counts.FoldersNew - counts.FoldersChanged,
                DataBlobs = writer.DataBlobsStored + parts.Sum(part => part.DataBlobs),
                TreeBlobs = writer.TreesStored + parts.Sum(part => part.TreeBlobs),
                DataAdded = writer.PlainBytesStored + parts.Sum(part => part.DataAdded),
                DataAddedPacked = writer.BytesStored + parts.Sum(part => part.DataAddedPacked),
                TotalFilesProcessed = now.Files,
                TotalBytesProcessed = now.Bytes,
            };
        }
        catch (RepositoryException exception)
        {
            // Reporting problems is the verification's task; unknown numbers are not written.
            context.Observer.Verbose(exception.Message);
            return null;
        }
    }

    // A summary that another program changed cannot be continued: restic's rewrite leaves the numbers of folders unchanged.
    private async Task<TreeTotals> TotalsOfAsync(Snapshot? snapshot, CancellationToken cancellationToken)
    {
        if (snapshot is null)
            return default;
        if (snapshot is { Summary: { } summary, IsRewritten: false })
            return SnapshotCounts.TotalsOf(summary);
        var all = new SnapshotComparison(reader, writer, new HashSet<BlobId>());
        return (await all.RunAsync(null, snapshot.Root, cancellationToken)).More;
    }

    // Workers have counted their own contribution, each compared with the same snapshot: of theirs only the shared part is examined here,
    // the folders above the resources and the manifest. Their counts minus the shared part are what came with the resources. If a worker
    // did not count, or only part of its work was taken over, every tree that changed is compared.
    private async Task<SnapshotCounts> CompareAsync(BlobId? before, BlobId root, TreeTotals held, CancellationToken cancellationToken)
    {
        IReadOnlyList<GraftedPart> parts = Parts.All(part => part is { Summary: not null, IsWhole: true }) ? Parts : [];
        var apart = parts.SelectMany(part => part.Trees).ToHashSet();
        var counts = await new SnapshotComparison(reader, writer, apart).RunAsync(before, root, cancellationToken);
        foreach (var part in parts)
        {
            var shared = await new SnapshotComparison(reader, writer, part.Trees).RunAsync(before, part.Root, cancellationToken);
            counts += SnapshotCounts.Of(part.Summary!, held) - shared;
        }

        return counts;
    }
}
