using KlarKonform.Backup.Engine.Connections;
using KlarKonform.Backup.Engine.Journal;
using KlarKonform.Backup.Engine.Runs.Batches;
using KlarKonform.Backup.Engine.Runs.Checkpoints;
using KlarKonform.Backup.Engine.Runs.Progress;
using KlarKonform.Backup.Engine.Runs.Verification;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Graph.Governing;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Snapshots;

namespace KlarKonform.Backup.Engine.Runs.Sharding;

/// <summary>
/// A worker's side of a run that several workers share. It takes one free shard after another, beginning with its own, and also takes over
/// those of a worker that died. The worker that finds all shards finished merges them; the others wait for that, so that all end with the
/// same snapshot. Workers know of each other only through the repository. Used once.
/// </summary>
internal sealed class SharedRun(RunContext context, BackupRepository session, GraphGovernor governor)
{
    private static readonly TimeSpan s_firstWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_longestWait = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_countEvery = TimeSpan.FromMinutes(1);

    // How long to wait, at the start, for a run by one process: the merging of the last round takes less.
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(10);

    // A finished shard that is older than this and was never merged does not represent the tenant's current state.
    private static readonly TimeSpan s_outdated = TimeSpan.FromHours(6);

    private readonly string _purpose = LockPurposes.Backup(session.Configuration);
    private readonly int _first = context.Options.ShardIndex ?? context.Random.Next(context.Options.ShardCount);
    private long _bytesStored;
    private long? _lockedSince;

    /// <summary>Works until the run is complete.</summary>
    /// <returns>The run, and whether this worker merged it.</returns>
    public async Task<(BackupRun Run, bool HasMerged)> RunAsync(TenantInventory listing, CancellationToken cancellationToken)
    {
        var round = await EnterAsync(cancellationToken);
        if (round.Base is { } newest && IsOver(round, newest.Snapshot))
            return (MergedElsewhere(newest), false);
        for (var pause = s_firstWait; ; pause = pause * 1.5 < s_longestWait ? pause * 1.5 : s_longestWait)
        {
            var snapshots = await session.RecentAsync(cancellationToken);
            if (!round.IsCurrent(snapshots))
            {
                if (snapshots.LastComplete() is { } complete && complete.Id != round.Base?.Id)
                    return (MergedElsewhere(complete), false);
                round = await EnterAsync(cancellationToken);
                continue;
            }

            var pending = round.Pending(snapshots);
            if (pending.Count == 0 ? await TryMergeAsync(round, listing, cancellationToken) is { } run : false)
                return (run, true);
            if (pending.Count > 0 && await TryWorkAsync(round, pending, listing, cancellationToken))
            {
                pause = s_firstWait;
                continue;
            }

            context.Monitor.Phase = Texts.Get("Progress_WaitingForWorkers", round.Count - pending.Count, round.Count);
            await Task.Delay(pause * (0.5 + context.Random.NextDouble()), context.Time, cancellationToken);
        }
    }

    // Joins the round that others began, or begins one. What is left of another one is first saved as a checkpoint.
    private async Task<ShardRound> EnterAsync(CancellationToken cancellationToken)
    {
        var began = context.Time.GetTimestamp();
        while (true)
        {
            var snapshots = await session.RecentAsync(cancellationToken);
            var round = new ShardRound(snapshots, context.Options);
            context.Record.Before ??= snapshots.LastComplete() is { } complete ? complete.Snapshot.StatusOf() : null;
            var living = await LivingAsync(cancellationToken);
            var isHeld = living.Any(holder => holder.Purpose == _purpose);
            if (!isHeld && !HasLeftovers(round, snapshots, living.Count > 0))
            {
                await ClockCheck.NoteAsync(context, session, snapshots, cancellationToken);
                return round;
            }

            try
            {
                await using var held = await RepositoryLock.ClaimAsync(
                    session.Repository,
                    _purpose,
                    context.Time,
                    context.Random,
                    cancellationToken,
                    context.Watching
                );
                snapshots = await session.RecentAsync(cancellationToken);
                if (!HasLeftovers(new ShardRound(snapshots, context.Options), snapshots, isAlive: false))
                    continue;
                await session.Repository.Index.OpenAsync(cancellationToken);
                await new ShardMerger(context, session, held).SalvageAsync(cancellationToken);
            }
            catch (RepositoryException exception)
                when (exception.Kind is RepositoryErrorKind.PurposeTaken or RepositoryErrorKind.Locked
                    && context.Time.GetElapsedTime(began) < s_patience
                )
            {
                context.Monitor.Phase = Texts.Get("Progress_WaitingForWorkers", 0, round.Count);
                await Task.Delay(s_firstWait * (1 + context.Random.NextDouble()), context.Time, cancellationToken);
            }
        }
    }

    // Others began without this worker, did its share too and merged, all since it started: so that is the run it was started for.
    private bool IsOver(ShardRound round, Snapshot newest) =>
        newest.Taken >= context.Record.Started && !newest.IsCheckpoint() && newest.Tags?.Contains(round.TagOfMerged) == true;

    private bool HasLeftovers(ShardRound round, IReadOnlyList<StoredSnapshot> snapshots, bool isAlive) =>
        round.Others(snapshots).Count > 0
        || (
            !isAlive
            && snapshots.Any(each => ShardRound.IsDone(each.Snapshot) && context.Time.GetUtcNow() - each.Snapshot.Taken > s_outdated)
        );

    // Takes the first free shard. Its own first, so that workers that start together do not compete for the same one.
    private async Task<bool> TryWorkAsync(
        ShardRound round,
        IReadOnlyList<Shard> pending,
        TenantInventory listing,
        CancellationToken cancellationToken
    )
    {
        var taken = (await LivingAsync(cancellationToken)).Select(holder => holder.Purpose).ToHashSet();
        if (taken.Contains(_purpose))
            return false;
        foreach (
            var shard in pending
                .OrderBy(shard => (shard.Index - _first + round.Count) % round.Count)
                .Where(shard => !taken.Contains(LockPurpose.Part(_purpose, shard.ToString())))
        )
        {
            RepositoryLock held;
            try
            {
                held = await RepositoryLock.ClaimAsync(
                    session.Repository,
                    LockPurpose.Part(_purpose, shard.ToString()),
                    context.Time,
                    context.Random,
                    cancellationToken,
                    context.Watching
                );
            }
            catch (RepositoryException exception) when (exception.Kind == RepositoryErrorKind.PurposeTaken)
            {
                continue; // Another worker was faster.
            }
            catch (RepositoryException exception) when (MayWaitFor(exception))
            {
                return false;
            }

            _lockedSince = null;

            await using (held)
            {
                try
                {
                    await WorkAsync(round, shard, held, listing, cancellationToken);
                }
                catch (BackupException exception) when (exception.ErrorId == ErrorIds.LockLost)
                {
                    // This machine slept or was cut off. Another worker continues the shard; this worker does what is left.
                    context.Note(Texts.Get("ShardLost", shard));
                }
            }

            return true;
        }

        return false;
    }

    private async Task WorkAsync(
        ShardRound round,
        Shard shard,
        RepositoryLock held,
        TenantInventory listing,
        CancellationToken cancellationToken
    )
    {
        var snapshots = await session.RecentAsync(cancellationToken);
        var newest = round.Newest(shard, snapshots);
        if (!round.IsCurrent(snapshots) || (newest is { } found && ShardRound.IsDone(found.Snapshot)))
            return; // Finished between the look and the claim.
        await session.Repository.Index.OpenAsync(cancellationToken);
        var sources = listing.Sources.Where(shard.Contains).ToArray();
        var part = context with { Record = context.Record.Part(sources) };
        if (newest is not null)
            part.Events.Write(RunEvent.ShardContinued, Texts.Get("Event_ShardContinued", shard));
        var old = snapshots
            .Where(each => round.TagsOf(shard).All(tag => each.Snapshot.Tags?.Contains(tag) == true))
            .Select(each => each.Id);
        var verified = snapshots.LastOrDefault(each => each.Snapshot.FilesVerified() is not null).Snapshot?.Root;
        using var done = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var counting = CountWorkersAsync(done.Token);
        try
        {
            var start = new SnapshotStart(newest ?? round.Base)
            {
                Tags = round.TagsOf(shard),
                Carried = newest is { } taken ? taken.Snapshot.FilesWritten() : default(FileSetDigest),
            };
            await using var run = new ResourceBatch(part, session, held, start, old);
            await run.RunAsync(
                sources,
                async token =>
                {
                    part.Monitor.Phase = Texts.Get("Progress_Saving");
                    var record = part.Record;
                    var status =
                        record.Mismatches.Count > 0 || record.Results.Any(result => result.Status != BackupState.Succeeded)
                            ? BackupState.Partial
                            : BackupState.Succeeded;
                    var root = await run.Builder.SaveTreesAsync(status, token);

                    // The merging worker did not write this, and would have to read the index of all of it: here it is known.
                    part.Monitor.Phase = Texts.Get("Progress_Verifying");
                    var problems = await new RunVerifier(session, run.Writer.PacksStored, part.Random).CheckNewTreesAsync(
                        root,
                        verified,
                        [],
                        token
                    );
                    var summary = await new SnapshotSummarizer(part, run.Reader, run.Writer, snapshots).SummarizeAsync(
                        root,
                        record.Started,
                        token
                    );
                    await held.ThrowIfLostAsync();
                    await run.Builder.SaveCheckpointAsync(
                        root,
                        status,
                        summary,
                        problems.Count == 0 ? [ShardRound.DoneTag, ShardRound.VerifiedTag] : [ShardRound.DoneTag],
                        context.Abandon
                    );
                    await run.Checkpointer.EndAsync(token);
                    part.Events.Write(
                        RunEvent.ShardDone,
                        Texts.Get("Event_ShardDone", shard),
                        new
                        {
                            shard = shard.ToString(),
                            resources = sources.Length,
                            items = record.Items,
                            bytes = record.Bytes,
                        }
                    );
                    return root;
                },
                cancellationToken
            );
            _bytesStored += run.Writer.BytesStored;
        }
        finally
        {
            await done.CancelAsync();
            await counting;
        }
    }

    private async Task<BackupRun?> TryMergeAsync(ShardRound round, TenantInventory listing, CancellationToken cancellationToken)
    {
        RepositoryLock held;
        try
        {
            held = await RepositoryLock.ClaimAsync(
                session.Repository,
                _purpose,
                context.Time,
                context.Random,
                cancellationToken,
                context.Watching
            );
        }
        catch (RepositoryException exception) when (exception.Kind == RepositoryErrorKind.PurposeTaken)
        {
            return null; // Another worker merges.
        }
        catch (RepositoryException exception) when (MayWaitFor(exception))
        {
            return null;
        }

        _lockedSince = null;
        await using (held)
        {
            using var alive = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, held.Lost);
            try
            {
                var snapshots = await session.RecentAsync(alive.Token);
                if (!round.IsCurrent(snapshots) || round.Pending(snapshots).Count > 0)
                    return null;
                await session.Repository.Index.OpenAsync(alive.Token);
                return await new ShardMerger(context, session, held).MergeAsync(round, snapshots, listing, alive.Token) with
                {
                    BytesStored = _bytesStored,
                };
            }
            catch (OperationCanceledException) when (held.Lost.IsCancellationRequested)
            {
                return null; // Taken for dead; another worker merges.
            }
        }
    }

    // The repository is locked exclusively: another worker is compacting the index after its merge, or an admin is pruning. Neither takes
    // long.
    private bool MayWaitFor(RepositoryException exception)
    {
        if (exception.Kind != RepositoryErrorKind.Locked)
            return false;
        _lockedSince ??= context.Time.GetTimestamp();
        return context.Time.GetElapsedTime(_lockedSince.Value) < s_patience;
    }

    private BackupRun MergedElsewhere(StoredSnapshot complete)
    {
        context.Note(Texts.Get("MergedElsewhere", complete.Id.ToShortString()));
        return context.Record.ToRun(complete.Snapshot.StatusOf()) with { SnapshotId = complete.Id.ToString(), BytesStored = _bytesStored };
    }

    // The quotas of directory and SharePoint belong to the app: workers that run at the same time share them.
    private async Task CountWorkersAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                try
                {
                    governor.SetWorkers(Math.Max(1, (await LivingAsync(cancellationToken)).Count));
                }
                catch (Exception exception) when (exception is RepositoryException or Storage.StorageException)
                {
                    context.Observer.Verbose(exception.Message); // Counted again in a minute; too many requests only lead to a pause.
                }

                await Task.Delay(s_countEvery, context.Time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The shard is finished.
        }
    }

    private async Task<IReadOnlyList<LockHolder>> LivingAsync(CancellationToken cancellationToken)
    {
        var living = new List<LockHolder>();
        await foreach (var holder in RepositoryLock.HoldersAsync(session.Repository, context.Time, cancellationToken))
        {
            if (holder.Purpose is { } purpose && LockPurpose.Covers(_purpose, purpose) && holder.Evidence == LockEvidence.Renewed)
                living.Add(holder);
        }

        return living;
    }
}
