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
/// Makes the summary that restic shows of a snapshot: counted by comparing its trees with those of the last complete snapshot, not by
/// what the run believes that it did. Checkpoints have none: the counting would cost each of them a walk, and they go with the next one.
/// </summary>
/// <param name="context">The run.</param>
/// <param name="reader">Reads trees, those too that are not flushed.</param>
/// <param name="writer">What the run stored through; what an interrupted run stored before it, on which it goes on, counts there.</param>
/// <param name="snapshots">The configuration's snapshots before this one, oldest first.</param>
internal sealed class SnapshotSummarizer(
    RunContext context, RepositoryReader reader, RepositoryWriter writer, IReadOnlyList<StoredSnapshot> snapshots)
{
    /// <summary>What workers brought together; empty where one process did everything.</summary>
    public IReadOnlyList<GraftedPart> Parts { get; init; } = [];

    /// <summary>Summarizes a snapshot in the making; null where a tree of before cannot be read.</summary>
    /// <param name="root">Its root.</param>
    /// <param name="started">When the backup began.</param>
    /// <param name="cancellationToken">Ends the counting.</param>
    public async Task<SnapshotSummary?> SummarizeAsync(BlobId root, DateTimeOffset started, CancellationToken cancellationToken)
    {
        try
        {
            var last = snapshots.LastComplete()?.Snapshot;
            var before = await TotalsOfAsync(last, cancellationToken).ConfigureAwait(false);
            var counts = await CompareAsync(last?.Root, root, before, cancellationToken).ConfigureAwait(false);
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
            // What is wrong is the verification's to tell; numbers that are not known are not written.
            context.Observer.Verbose(exception.Message);
            return null;
        }
    }

    // A summary that another program changed is not ours to go on from: restic's rewrite leaves the numbers of folders as they were.
    private async Task<TreeTotals> TotalsOfAsync(Snapshot? snapshot, CancellationToken cancellationToken)
    {
        if (snapshot is null)
            return default;
        if (snapshot is { Summary: { } summary, IsRewritten: false })
            return SnapshotCounts.TotalsOf(summary);
        var all = new SnapshotComparison(reader, writer, new HashSet<BlobId>());
        return (await all.RunAsync(null, snapshot.Root, cancellationToken).ConfigureAwait(false)).More;
    }

    // What workers brought they have counted, each in comparison with the same snapshot: of theirs only what is shared is looked at, the
    // folders above the resources and the manifest. Theirs less what is shared is what came with the resources. Where one did not count, or
    // not all of his was taken, every tree that changed is compared.
    private async Task<SnapshotCounts> CompareAsync(BlobId? before, BlobId root, TreeTotals held, CancellationToken cancellationToken)
    {
        IReadOnlyList<GraftedPart> parts = Parts.All(part => part is { Summary: not null, IsWhole: true }) ? Parts : [];
        var apart = parts.SelectMany(part => part.Trees).ToHashSet();
        var counts = await new SnapshotComparison(reader, writer, apart).RunAsync(before, root, cancellationToken).ConfigureAwait(false);
        foreach (var part in parts)
        {
            var shared = await new SnapshotComparison(reader, writer, part.Trees).RunAsync(before, part.Root, cancellationToken).ConfigureAwait(false);
            counts += SnapshotCounts.Of(part.Summary!, held) - shared;
        }

        return counts;
    }
}
