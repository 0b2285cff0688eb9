using KlarKonform.Backup.Engine.Runs;
using KlarKonform.Backup.Repository;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Pruning;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Snapshots;

namespace KlarKonform.Backup.Engine.Retention;

/// <summary>
/// Removes a configuration's old snapshots and whatever no snapshot needs any more. The newest complete snapshot always stays, and
/// nothing goes that a hold covers.
/// </summary>
/// <param name="session">The repository.</param>
/// <param name="time">The clock.</param>
/// <param name="watching">Hears that a lock in the way is watched.</param>
internal sealed class RetentionRunner(RepositorySession session, TimeProvider time, IProgress<LockWatch>? watching = null)
{
    /// <summary>Decides, and carries it out unless only the plan is wanted.</summary>
    /// <exception cref="BackupException">AuditLogBroken: nothing is removed when it is not certain what is held.</exception>
    public async Task<RetentionResult> RunAsync(RetentionOptions options, CancellationToken cancellationToken)
    {
        await using var held = await RepositoryLock.AcquireAsync(session.Repository, exclusive: true, time, cancellationToken, watching).ConfigureAwait(false);
        using var alive = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, held.Lost);
        await session.Repository.LoadIndexAsync(alive.Token).ConfigureAwait(false);
        var snapshots = await session.SnapshotsAsync(alive.Token).ConfigureAwait(false);
        var holds = HoldBook.Of(await new AuditLog(session, time).ReadAsync(alive.Token).ConfigureAwait(false), session.Configuration.Name);
        var (decisions, forget, onlyHeld) = await DecideAsync(snapshots, holds, options, alive.Token).ConfigureAwait(false);
        var result = new RetentionResult
        {
            Configuration = session.Configuration.Name,
            Executed = !options.PlanOnly,
            Snapshots = snapshots.Count,
            Decisions = decisions,
            Held = onlyHeld,
            Removed = [.. snapshots.Where(each => forget.Contains(each.Id)).Select(each => new RemovedSnapshot(each.Id.ToString(), each.Snapshot.Taken))],
            PacksDeleted = 0,
            PacksRepacked = 0,
            BytesRemoved = 0,
            BytesRepacked = 0,
            BytesFreed = 0,
        };
        var pruner = new Pruner(session.Repository, held, session.WriterOptions);
        var plan = await pruner.PlanAsync(forget, alive.Token).ConfigureAwait(false);
        if (!options.PlanOnly)
            await pruner.ExecuteAsync(plan, alive.Token).ConfigureAwait(false);
        return result with
        {
            PacksDeleted = plan.Delete.Count,
            PacksRepacked = plan.Repack.Count,
            BytesRemoved = plan.BytesRemoved,
            BytesRepacked = plan.BytesRepacked,
            BytesFreed = plan.BytesFreed,
        };
    }

    /// <summary>Whether anything would go by the policy and the holds: computing that is cheap, and pruning is not.</summary>
    public async Task<bool> IsDueAsync(CancellationToken cancellationToken)
    {
        var snapshots = await session.SnapshotsAsync(cancellationToken).ConfigureAwait(false);
        var holds = HoldBook.Of(await new AuditLog(session, time).ReadAsync(cancellationToken).ConfigureAwait(false), session.Configuration.Name);
        return (await DecideAsync(snapshots, holds, new RetentionOptions(), cancellationToken).ConfigureAwait(false)).Forget.Count > 0;
    }

    private async Task<(IReadOnlyList<RetentionDecision> Decisions, HashSet<BlobId> Forget, int OnlyHeld)> DecideAsync(
        IReadOnlyList<(BlobId Id, Snapshot Snapshot)> snapshots, HoldBook holds, RetentionOptions options, CancellationToken cancellationToken)
    {
        var complete = snapshots.Where(each => !RepositorySession.IsCheckpoint(each.Snapshot)).ToArray();
        var forget = new HashSet<BlobId>();
        if (complete.Length > 0 && !holds.CoversEverything)
        {
            // A checkpoint older than a complete snapshot continues nothing any more.
            forget.UnionWith(snapshots.Where(each => RepositorySession.IsCheckpoint(each.Snapshot) && each.Snapshot.Taken <= complete[^1].Snapshot.Taken).Select(each => each.Id));
        }

        var decisions = new List<RetentionDecision>();
        var onlyHeld = 0;
        foreach (var ((id, snapshot), ruled) in Ruled(complete, RetentionPolicy.Of(options.Policy ?? session.Configuration.Retention)?.Rules ?? new KlarKonform.Backup.Repository.Retention.KeepRules(), options.AsOf))
        {
            var reasons = ruled.ToList();
            if (reasons.Count == 0 && id == complete[^1].Id)
                reasons.Add("newest");
            var byRule = reasons.Count > 0;
            reasons.AddRange(await holds.ReasonsAsync(id, snapshot.Root, new RepositoryReader(session.Repository, treeCache: session.TreeCache), cancellationToken).ConfigureAwait(false));
            decisions.Add(new RetentionDecision(id.ToString(), snapshot.Taken, reasons.Count > 0, reasons));
            if (reasons.Count == 0)
                forget.Add(id);
            else if (!byRule)
                onlyHeld++;
        }

        return (decisions, forget, onlyHeld);
    }

    // A plan for another date is the plan that a backup of that date would meet.
    private IEnumerable<((BlobId Id, Snapshot Snapshot) Snapshot, IReadOnlyList<string> Reasons)> Ruled(
        IReadOnlyList<(BlobId Id, Snapshot Snapshot)> complete, KlarKonform.Backup.Repository.Retention.KeepRules rules, DateTimeOffset? asOf)
    {
        var now = time.GetUtcNow();
        if (asOf is not { } date)
            return rules.Apply(complete, each => each.Snapshot.Taken, now);
        var then = complete.Where(each => each.Snapshot.Taken < date).Select(each => ((BlobId Id, Snapshot Snapshot)?)each).Append(null);
        return rules.Apply(then, each => each?.Snapshot.Taken ?? date, date > now ? date.AddTicks(1) : now)
            .Where(each => each.Snapshot is not null).Select(each => (each.Snapshot!.Value, each.Reasons));
    }
}
