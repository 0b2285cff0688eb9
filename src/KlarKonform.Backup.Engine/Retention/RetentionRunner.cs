using KlarKonform.Backup.Engine.Runs;
using KlarKonform.Backup.Repository;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Pruning;
using KlarKonform.Backup.Repository.Snapshots;

namespace KlarKonform.Backup.Engine.Retention;

/// <summary>Removes a configuration's old snapshots and whatever no snapshot needs any more. The newest complete snapshot always stays.</summary>
internal sealed class RetentionRunner(RepositorySession session, TimeProvider time)
{
    public async Task<RetentionResult> RunAsync(RetentionOptions options, CancellationToken cancellationToken)
    {
        await using var held = await RepositoryLock.AcquireAsync(session.Repository, exclusive: true, time, cancellationToken).ConfigureAwait(false);
        using var alive = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, held.Lost);
        var snapshots = await session.SnapshotsAsync(alive.Token).ConfigureAwait(false);
        var forget = Choose(snapshots, options);
        var pruner = new Pruner(session.Repository, held);
        var plan = await pruner.PlanAsync(forget, alive.Token).ConfigureAwait(false);
        if (!options.PlanOnly)
            await pruner.ExecuteAsync(plan, alive.Token).ConfigureAwait(false);
        return new RetentionResult
        {
            Configuration = session.Configuration.Name,
            Executed = !options.PlanOnly,
            Snapshots = snapshots.Count,
            Removed = [.. snapshots.Where(each => plan.Forget.Contains(each.Id)).Select(each => new RemovedSnapshot(each.Id.ToString(), each.Snapshot.Taken))],
            PacksDeleted = plan.Delete.Count,
            PacksRepacked = plan.Repack.Count,
            BytesRemoved = plan.BytesRemoved,
            BytesRepacked = plan.BytesRepacked,
            BytesFreed = plan.BytesFreed,
        };
    }

    private List<BlobId> Choose(IReadOnlyList<(BlobId Id, Snapshot Snapshot)> snapshots, RetentionOptions options)
    {
        var complete = snapshots.Where(each => !RepositorySession.IsCheckpoint(each.Snapshot)).ToArray();
        var forget = new List<BlobId>();
        if (complete.Length > 0)
        {
            // A checkpoint older than a complete snapshot continues nothing any more.
            forget.AddRange(snapshots.Where(each => RepositorySession.IsCheckpoint(each.Snapshot) && each.Snapshot.Taken <= complete[^1].Snapshot.Taken).Select(each => each.Id));
        }

        if (options.KeepLast is null && options.KeepDays is null)
            return forget;
        var since = options.KeepDays is { } days ? time.GetUtcNow().AddDays(-days) : DateTimeOffset.MaxValue;
        var last = Math.Max(1, options.KeepLast ?? 1);
        forget.AddRange(complete[..Math.Max(0, complete.Length - last)].Where(each => each.Snapshot.Taken < since).Select(each => each.Id));
        return forget;
    }
}
