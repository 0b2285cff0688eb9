using KlarKonform.Backup.Engine.Connections;
using KlarKonform.Backup.Engine.Retention;
using KlarKonform.Backup.Engine.Runs.Batches;
using KlarKonform.Backup.Engine.Runs.Checkpoints;
using KlarKonform.Backup.Engine.Runs.Progress;
using KlarKonform.Backup.Engine.Runs.Sharding;
using KlarKonform.Backup.Engine.Runs.Verification;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Repository.Locks;

namespace KlarKonform.Backup.Engine.Runs;

/// <summary>A run in which one process does everything. Used once.</summary>
internal sealed class SoloRun(RunContext context, BackupRepository session)
{
    /// <summary>Claims the configuration, runs its resources and saves the verified snapshot.</summary>
    public async Task<BackupRun> RunAsync(TenantInventory listing, CancellationToken cancellationToken)
    {
        await using var held = await RepositoryLock.ClaimAsync(
            session.Repository,
            LockPurposes.Backup(session.Configuration),
            context.Time,
            context.Random,
            cancellationToken,
            context.Watching
        );
        await session.Repository.Index.OpenAsync(cancellationToken);

        // Shards that were left unfinished: their work must not be repeated.
        await new ShardMerger(context, session, held).SalvageAsync(cancellationToken);
        var snapshots = await session.SnapshotsAsync(cancellationToken);
        context.Record.Before = snapshots.LastComplete() is { } complete ? complete.Snapshot.StatusOf() : null;
        await ClockCheck.NoteAsync(context, session, snapshots, cancellationToken);
        var inventory = new Inventory(context, session);
        await inventory.LookAsync(
            snapshots,
            await new Roll(session, context.Time).BeforeAsync(snapshots, cancellationToken),
            cancellationToken
        );
        var checkpoints = snapshots.Where(each => each.Snapshot.IsCheckpoint()).Select(each => each.Id);
        var start = new SnapshotStart(snapshots.Count > 0 ? snapshots[^1] : null) { Inventory = inventory };
        await using var run = new ResourceBatch(context, session, held, start, checkpoints);
        return await run.RunAsync(
            listing.Sources,
            async token =>
            {
                await new DepartedResources(context, run.Builder, run.Reader).NoteAsync(listing, token);
                var record = context.Record;
                if (record.AllFailed && record.FirstError is { } first)
                    throw first;
                var results = record.Results;
                var dropped = listing.Dropped((await run.Builder.PreviousManifestAsync(token)).Resources, record.Configuration);
                var status =
                    record.HasDoubts
                    || dropped.Any(each => each.AcceptedReason is null)
                    || record.Mismatches.Count > 0
                    || results.Any(result => result.Status != BackupState.Succeeded)
                        ? BackupState.Partial
                        : BackupState.Succeeded;
                var summarizer = new SnapshotSummarizer(context, run.Reader, run.Writer, snapshots);
                var (snapshot, final, verification) = await new SnapshotPublisher(
                    context,
                    session,
                    run.Builder,
                    run.Writer,
                    summarizer,
                    held
                ).FinishAsync(
                    run.Builder.SaveFinalTreesAsync,
                    status,
                    () =>
                        (
                            results.Sum(result => result.ItemsExpected ?? 0),
                            results.Sum(result => result.ItemsStored ?? 0),
                            record.Mismatches
                        ),
                    snapshots,
                    VerifiedElsewhere.None,
                    token
                );
                await run.Checkpointer.EndAsync(token);
                return record.ToRun(final) with
                {
                    SnapshotId = snapshot.ToString(),
                    Verification = verification,
                    BytesStored = run.Writer.BytesStored,
                    RetryList = [.. run.Builder.Manifest.Resources.SelectMany(each => each.RetryList), .. dropped],
                };
            },
            cancellationToken
        );
    }
}
