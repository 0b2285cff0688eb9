using System.Globalization;
using KlarKonform.Backup.Engine.Retention.Audit;
using KlarKonform.Backup.Engine.Retention.Holds;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Pruning;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Snapshots;

namespace KlarKonform.Backup.Engine.Retention;

/// <summary>
/// Removes a configuration's old snapshots and everything that no snapshot needs any more. The newest complete snapshot always stays, and
/// nothing on hold is removed.
/// </summary>
/// <param name="session">The repository.</param>
/// <param name="time">The clock.</param>
/// <param name="watching">Is told when a lock in the way is being watched.</param>
internal sealed class RetentionRunner(BackupRepository session, TimeProvider time, IProgress<LockWatch>? watching = null)
{
    private const string WaitsKey = "retention-waits";
    private const int MaxNamed = 5;

    /// <summary>Decides, and carries it out unless only the plan is requested.</summary>
    /// <exception cref="BackupException">AuditLogBroken: nothing is removed while it is uncertain what is on hold. LockLost: another
    /// process took the lock for dead; everything deleted until then was deleted rightly, and the rest stays.</exception>
    public async Task<RetentionResult> RunAsync(RetentionOptions options, CancellationToken cancellationToken)
    {
        await using var held = await RepositoryLock.AcquireAsync(session.Repository, exclusive: true, time, cancellationToken, watching);
        return await LockLoss.GuardAsync(held, session, token => RunAsync(held, options, token), cancellationToken);
    }

    private async Task<RetentionResult> RunAsync(RepositoryLock held, RetentionOptions options, CancellationToken cancellationToken)
    {
        await session.Repository.Index.LoadAsync(cancellationToken);
        var (all, snapshots) = await ListAsync(cancellationToken);
        var holds = ActiveHolds.Of(await new AuditLog(session, time).ReadAsync(cancellationToken), session.Configuration.Name);
        var (decisions, forget, onlyHeld) = await DecideAsync(snapshots, holds, options, cancellationToken);
        var roll = new Roll(session, time);
        var missing = await roll.MissingAsync(snapshots, await roll.BeforeAsync(snapshots, cancellationToken), holds, cancellationToken);
        var refusal = missing.Count > 0 ? Vanished(missing) : await RefuseAsync(decisions, options, cancellationToken);
        if (refusal is not null && !options.PlanOnly)
            throw refusal;
        var pruner = new Pruner(
            session.Repository,
            held,
            time,
            new PruneOptions
            {
                Writer = session.WriterOptions,
                KeepRetired = options.InstantDelete ? TimeSpan.Zero : new PruneOptions().KeepRetired,
            }
        );
        BlobId[] known = session.Known is { } newest && !forget.Contains(newest) ? [newest] : [];
        var plan = await pruner.PlanAsync(forget, [.. all.Select(each => each.Id).Except(forget).Union(known)], cancellationToken);
        if (!options.PlanOnly)
        {
            var ledger = new FileLedger(session);
            await ledger.AddRemovedAsync(forget, cancellationToken);
            await ledger.WriteAsync(await pruner.ExecuteAsync(plan, cancellationToken), cancellationToken);
        }

        return new RetentionResult
        {
            Configuration = session.Configuration.Name,
            Executed = !options.PlanOnly,
            Snapshots = snapshots.Count,
            Decisions = decisions,
            Held = onlyHeld,
            NeedsForce = refusal?.Message,
            Removed =
            [
                .. snapshots
                    .Where(each => forget.Contains(each.Id))
                    .Select(each => new RemovedSnapshot(each.Id.ToString(), each.Snapshot.Taken)),
            ],
            PacksDeleted = plan.Delete.Count,
            PacksRetired = plan.Retire.Count,
            PacksRepacked = plan.Repack.Count,
            BytesRemoved = plan.BytesRemoved,
            BytesRetired = plan.BytesRetired,
            BytesRepacked = plan.BytesRepacked,
            BytesFreed = plan.BytesFreed,
        };
    }

    /// <summary>Whether the policy and the holds would remove anything: computing that is cheap, pruning is not.</summary>
    public async Task<bool> IsDueAsync(CancellationToken cancellationToken)
    {
        var (_, snapshots) = await ListAsync(cancellationToken);
        var holds = ActiveHolds.Of(await new AuditLog(session, time).ReadAsync(cancellationToken), session.Configuration.Name);
        return (await DecideAsync(snapshots, holds, new RetentionOptions(), cancellationToken)).Forget.Count > 0;
    }

    // All snapshots and the configuration's own, from one listing. Something may be needed for a snapshot that cannot be read.
    private async Task<(IReadOnlyList<StoredSnapshot> All, IReadOnlyList<StoredSnapshot> Own)> ListAsync(
        CancellationToken cancellationToken
    )
    {
        var all = await session.AllSnapshotsAsync(cancellationToken);
        return session.Unreadable is [var damaged, ..]
            ? throw new RepositoryException(
                RepositoryErrorKind.Damaged,
                $"The snapshot {damaged.ToShortString()} cannot be read. Nothing was removed."
            )
            : (all, session.OwnOf(all));
    }

    // A snapshot that has vanished may be brought back, but its packs would be taken for superfluous.
    private BackupException Vanished(IReadOnlyList<KnownSnapshot> missing) =>
        new(
            ErrorIds.RetentionVanished,
            BackupErrorCategory.InvalidOperation,
            session.Configuration.Name,
            session.Configuration.Name,
            missing.Count,
            string.Join("; ", missing.Take(MaxNamed).Select(each => $"{each.Id[..8]}, {each.Taken.ToLocalTime():g}"))
        );

    // What waits for a decision waits until someone has decided, not for one night: after the next backup the same plan may look harmless.
    private async Task<BackupException?> RefuseAsync(
        IReadOnlyList<RetentionDecision> decisions,
        RetentionOptions options,
        CancellationToken cancellationToken
    )
    {
        var memory = new NearMemory(session);
        if (options.Force)
        {
            if (!options.PlanOnly)
                await memory.SaveAsync(WaitsKey, null, cancellationToken);
            return null;
        }

        var now = time.GetUtcNow();
        var past = decisions.Where(each => each.Taken <= now + GraphTime.Tolerance).ToArray();
        var removed = past.Count(each => !each.Keep);
        DateTimeOffset[] taken = [.. past.Select(each => each.Taken).Order()];
        if (
            removed > 0
            && await memory.FindAsync(WaitsKey, cancellationToken) is { } text
            && DateTimeOffset.TryParseExact(text, "O", CultureInfo.InvariantCulture, DateTimeStyles.None, out var doubtful)
        )
        {
            // The snapshot that looked wrong was dated in the future, which is past by now: the clock is right again, and it no longer
            // counts.
            if (doubtful <= now + GraphTime.Tolerance)
                return RetentionGuard.Refuse(session.Configuration.Name, taken, removed)
                    ?? RetentionGuard.Waits(session.Configuration.Name, removed, taken.Length, doubtful);
            await memory.SaveAsync(WaitsKey, null, cancellationToken);
        }

        var refusal = RetentionGuard.Refuse(session.Configuration.Name, taken, removed);
        if (refusal is not null && !options.PlanOnly)
            await memory.SaveAsync(WaitsKey, taken[^1].ToString("O", CultureInfo.InvariantCulture), cancellationToken);
        return refusal;
    }

    private async Task<(IReadOnlyList<RetentionDecision> Decisions, HashSet<BlobId> Forget, int OnlyHeld)> DecideAsync(
        IReadOnlyList<StoredSnapshot> snapshots,
        ActiveHolds holds,
        RetentionOptions options,
        CancellationToken cancellationToken
    )
    {
        var complete = snapshots.Where(each => !each.Snapshot.IsCheckpoint()).ToArray();
        var forget = new HashSet<BlobId>();
        if (complete.Length > 0 && !holds.CoversEverything)
        {
            // A checkpoint older than a complete snapshot is not the continuation of anything any more.
            forget.UnionWith(
                snapshots.TakeWhile(each => each.Id != complete[^1].Id).Where(each => each.Snapshot.IsCheckpoint()).Select(each => each.Id)
            );
        }

        var decisions = new List<RetentionDecision>();
        var onlyHeld = 0;
        foreach (
            var ((id, snapshot), ruled) in Ruled(
                complete,
                RetentionPolicy.Of(options.Policy ?? session.Configuration.Retention)?.Rules
                    ?? new KlarKonform.Backup.Repository.Retention.KeepRules(),
                options.AsOf
            )
        )
        {
            var reasons = ruled.ToList();
            if (reasons.Count == 0 && id == complete[^1].Id)
                reasons.Add("newest");
            var byRule = reasons.Count > 0;
            reasons.AddRange(
                await holds.ReasonsAsync(
                    id,
                    snapshot,
                    new RepositoryReader(session.Repository, treeCache: session.TreeCache),
                    cancellationToken
                )
            );
            decisions.Add(new RetentionDecision(id.ToString(), snapshot.Taken, reasons.Count > 0, reasons));
            if (reasons.Count == 0)
                forget.Add(id);
            else if (!byRule)
                onlyHeld++;
        }

        return (decisions, forget, onlyHeld);
    }

    // A plan for another date is the plan that a backup on that date would meet.
    private IEnumerable<(StoredSnapshot Snapshot, IReadOnlyList<string> Reasons)> Ruled(
        IReadOnlyList<StoredSnapshot> complete,
        KlarKonform.Backup.Repository.Retention.KeepRules rules,
        DateTimeOffset? asOf
    )
    {
        var now = time.GetUtcNow();
        if (asOf is not { } date)
        {
            // The day of a future-dated snapshot has not come yet: it takes no slot of those that the rules count, and stays.
            var future = complete.Where(each => each.Snapshot.Taken > now + GraphTime.Tolerance).ToArray();
            return future
                .OrderByDescending(each => each.Snapshot.Taken)
                .Select(each => (each, (IReadOnlyList<string>)["future"]))
                .Concat(rules.Apply(complete.Except(future), each => each.Snapshot.Taken, now + GraphTime.Tolerance));
        }

        var then = complete.Where(each => each.Snapshot.Taken < date).Select(each => (StoredSnapshot?)each).Append(null);
        return rules
            .Apply(then, each => each?.Snapshot.Taken ?? date, date > now ? date.AddTicks(1) : now)
            .Where(each => each.Snapshot is not null)
            .Select(each => (each.Snapshot!.Value, each.Reasons));
    }
}
