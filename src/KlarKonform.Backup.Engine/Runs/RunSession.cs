using KlarKonform.Backup.Engine.Configuration;
using KlarKonform.Backup.Engine.Retention;
using KlarKonform.Backup.Engine.Runs.Checkpoints;
using KlarKonform.Backup.Engine.Runs.Journal;
using KlarKonform.Backup.Engine.Runs.Verification;
using KlarKonform.Backup.Engine.Sources;
using KlarKonform.Backup.Engine.State;
using KlarKonform.Backup.Engine.Targets;
using KlarKonform.Backup.Repository;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Repairing;
using KlarKonform.Backup.Repository.Snapshots;
using KlarKonform.Backup.Repository.Writing;

namespace KlarKonform.Backup.Engine.Runs;

/// <summary>What a run does: sign-in, repository, lock, resources, the verified snapshot. Used once.</summary>
internal sealed class RunSession(
    RunRecord record, BackupOptions options, ISecretStore secrets, IBackupObserver observer, RunEvents events, RunMonitor monitor, BackupHome home, RunJournal journal, TimeProvider time, Random random)
{
    // A server answers late, but several requests at once; each upload takes 17 MiB of memory.
    private const int RemoteUploads = 3;

    // Every run adds two index files; so many are read with few requests.
    private const int MaxIndexFiles = 64;

    // Clocks that are kept by a time server differ by less.
    private static readonly TimeSpan s_clockSlack = TimeSpan.FromMinutes(5);

    private readonly BackupConfiguration _configuration = record.Configuration;

    /// <summary>Runs everything.</summary>
    /// <param name="cancellationToken">Stops the run at a checkpoint.</param>
    /// <param name="abandon">Ends the waiting for that checkpoint.</param>
    public async Task<BackupRun> RunAsync(CancellationToken cancellationToken, CancellationToken abandon)
    {
        monitor.Phase = Texts.Get("Progress_Opening");

        // Everything that can be refused is asked before the first byte is written: secrets, sign-in, users, then the storage.
        await secrets.GetAsync(SecretReference.Parse(_configuration.Repository.Password), cancellationToken).ConfigureAwait(false);
        using var graph = await new GraphFactory(secrets, time, random).OpenAsync(_configuration.Tenant, GraphFactory.LogTo(observer), cancellationToken).ConfigureAwait(false);
        monitor.Phase = Texts.Get("Progress_Listing");
        var catalog = new SourceCatalog(_configuration, options, secrets, time, random);
        var (sources, users) = await catalog.ListAsync(graph.Client, cancellationToken).ConfigureAwait(false);
        foreach (var note in catalog.Notes)
            Note(note);
        record.SetPlan(sources);
        await using var session = await OpenRepositoryAsync(cancellationToken).ConfigureAwait(false);
        var run = await RunClaimedAsync(session, sources, users, catalog.SitesListed, cancellationToken, abandon).ConfigureAwait(false);
        run = await ApplyRetentionAsync(session, run, cancellationToken).ConfigureAwait(false);
        await CompactIndexAsync(session, cancellationToken).ConfigureAwait(false);
        return run;
    }

    private async Task<BackupRun> RunClaimedAsync(RepositorySession session, IReadOnlyList<IResourceSource> sources, IReadOnlySet<string> users, bool sitesListed, CancellationToken cancellationToken, CancellationToken abandon)
    {
        await using var held = await RepositoryLock.ClaimAsync(session.Repository, PurposeOf(_configuration), time, random, cancellationToken).ConfigureAwait(false);
        using var alive = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, held.Lost);
        var snapshots = await session.RecentAsync(alive.Token).ConfigureAwait(false);
        record.Before = snapshots.Select(each => each.Snapshot).LastOrDefault(each => !RepositorySession.IsCheckpoint(each)) is { } complete ? SnapshotAssembler.StatusOf(complete) : null;
        await session.Repository.OpenIndexAsync(alive.Token).ConfigureAwait(false);
        await using var writer = new RepositoryWriter(session.Repository, _configuration.Target.Type == TargetType.Folder ? RepositoryWriter.DefaultUploads : RemoteUploads);
        var reader = new RepositoryReader(session.Repository, writer, session.TreeCache);
        var assembler = new SnapshotAssembler(session, writer, reader, time, snapshots.Count > 0 ? snapshots[^1] : null, record.Id);
        var checkpoints = snapshots.Where(each => RepositorySession.IsCheckpoint(each.Snapshot)).Select(each => each.Id);
        using var checkpointer = new Checkpointer(session, held, assembler, writer, record, checkpoints, events, time);
        try
        {
            if (snapshots.Count > 0 && snapshots[^1].Snapshot.Taken - time.GetUtcNow() is var ahead && ahead > s_clockSlack)
                Note(Texts.Get("ClockBehind", snapshots[^1].Snapshot.Taken.ToLocalTime()));
            await RunSourcesAsync(sources, session, assembler, reader, writer, checkpointer, alive.Token, abandon).ConfigureAwait(false);
            await NoteGoneAsync(assembler, reader, users, sitesListed, alive.Token).ConfigureAwait(false);
            return await FinishAsync(session, held, assembler, writer, checkpointer, snapshots, alive.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (held.Lost.IsCancellationRequested)
        {
            throw new BackupException("LockLost", BackupErrorCategory.ResourceBusy, session.Store.Location);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await SaveLastCheckpointAsync(checkpointer, abandon).ConfigureAwait(false);
            throw;
        }
        finally
        {
            foreach (var run in record.Runs)
                run.Dispose();
        }
    }

    /// <summary>What a run's lock is held for: two runs of one configuration exclude each other.</summary>
    public static string PurposeOf(BackupConfiguration configuration) => $"backup:{configuration.Id}";

    private async Task RunSourcesAsync(
        IReadOnlyList<IResourceSource> sources, RepositorySession session, SnapshotAssembler assembler, RepositoryReader reader, RepositoryWriter writer, Checkpointer checkpointer, CancellationToken cancellationToken, CancellationToken abandon)
    {
        var before = await assembler.PreviousManifestAsync(cancellationToken).ConfigureAwait(false);
        var ordered = SourceOrder.Of(sources, before.Resources, time.GetUtcNow());
        record.SetPlan(ordered);
        using var done = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var deletedItems = new DeletedItemsKeeper(session, time);
        var checkpointing = checkpointer.RunAsync(done.Token);
        monitor.Phase = null;
        try
        {
            var running = new ResourceRunner(record, options, assembler, reader, writer, observer, events, deletedItems, time, abandon).RunAsync(ordered, done.Token);

            // A checkpoint that fails says what every further write would say.
            if (await Task.WhenAny(running, checkpointing).ConfigureAwait(false) == checkpointing)
                await done.CancelAsync().ConfigureAwait(false);
            await running.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (checkpointing.IsFaulted)
        {
            // The checkpoint's own failure is thrown below.
        }
        finally
        {
            await done.CancelAsync().ConfigureAwait(false);
            await checkpointing.ConfigureAwait(false);
        }
    }

    private async Task SaveLastCheckpointAsync(Checkpointer checkpointer, CancellationToken abandon)
    {
        monitor.Phase = Texts.Get("Progress_Stopping");
        try
        {
            await checkpointer.SaveAsync(BackupState.Partial, abandon).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (abandon.IsCancellationRequested)
        {
            // The storage is too slow for the promised ten seconds: the last checkpoint is the one before.
            observer.Verbose("The last checkpoint was abandoned.");
        }
    }

    private async Task<BackupRun> FinishAsync(
        RepositorySession session, RepositoryLock held, SnapshotAssembler assembler, RepositoryWriter writer, Checkpointer checkpointer, IReadOnlyList<(BlobId Id, Snapshot Snapshot)> snapshots, CancellationToken cancellationToken)
    {
        if (record.AllFailed && record.FirstError is { } first)
            throw first;
        monitor.Phase = Texts.Get("Progress_Saving");
        var results = record.Results;
        var status = record.Mismatches.Count > 0 || results.Any(result => result.Status != BackupState.Succeeded) ? BackupState.Partial : BackupState.Succeeded;
        var root = await assembler.SaveTreesAsync(record, status, checkpoint: false, cancellationToken).ConfigureAwait(false);
        monitor.Phase = Texts.Get("Progress_Verifying");
        var verified = snapshots.Select(each => each.Snapshot).LastOrDefault(each => SnapshotAssembler.FilesOf(each) is not null);
        var storage = await new RunVerifier(session.Repository, session.TreeCache, writer.PacksStored, random)
            .VerifyAsync(root, verified?.Root, verified is null ? null : SnapshotAssembler.FilesOf(verified), cancellationToken).ConfigureAwait(false);
        var verification = new RunVerification
        {
            ItemsExpected = results.Sum(result => result.ItemsExpected ?? 0),
            ItemsStored = results.Sum(result => result.ItemsStored ?? 0),
            Mismatches = record.Mismatches,
            PacksChecked = storage.PacksChecked,
            SampleSize = storage.SampleSize,
            SampleFailures = storage.SampleFailures,
            Problems = [.. storage.Problems.Select(problem => Texts.Get("RepositoryProblem", problem.Kind, problem.Name, problem.Detail))],
        };
        if (verification.Problems.Count > 0)
        {
            status = BackupState.Partial;
            foreach (var problem in verification.Problems)
                Note(Texts.Get("VerificationFailed", problem));
            root = await assembler.SaveTreesAsync(record, status, checkpoint: false, cancellationToken, verification.Problems).ConfigureAwait(false);
        }

        if (verification.Mismatches.Count > 0)
            Note(Texts.Get("ItemsDiffer", verification.Mismatches.Count));
        LogVerification(verification);
        await held.ThrowIfLostAsync().ConfigureAwait(false);
        var snapshot = await assembler.SaveSnapshotAsync(root, status, verification.Problems.Count == 0 ? storage.Files : null, checkpoint: false, cancellationToken).ConfigureAwait(false);
        await checkpointer.DropOldAsync(cancellationToken).ConfigureAwait(false);
        return record.ToRun(status) with
        {
            SnapshotId = snapshot.ToString(),
            Verification = verification,
            BytesStored = writer.BytesStored,
            RetryList = [.. assembler.Manifest.Resources.SelectMany(each => each.RetryList)],
        };
    }

    private void LogVerification(RunVerification verification)
    {
        var what = verification.IsClean ? RunEvent.VerificationClean : RunEvent.VerificationFailed;
        events.Write(what, Texts.Get("Event_" + what, verification.ItemsStored, verification.ItemsExpected), new
        {
            expected = verification.ItemsExpected,
            stored = verification.ItemsStored,
            packs = verification.PacksChecked,
            sample = verification.SampleSize,
            sampleFailures = verification.SampleFailures,
            problems = verification.Problems,
            mismatches = verification.Mismatches.Select(each => new { kind = each.Kind, resource = each.Resource, item = each.ItemId, missing = each.IsMissing }),
        });
    }

    // The backup is complete and durable; what retention cannot do now, a later run does.
    private async Task<BackupRun> ApplyRetentionAsync(RepositorySession session, BackupRun run, CancellationToken cancellationToken)
    {
        if (_configuration.Retention is null)
            return run;
        monitor.Phase = Texts.Get("Progress_Retention");
        try
        {
            var runner = new RetentionRunner(session, time);
            if (!await runner.IsDueAsync(cancellationToken).ConfigureAwait(false))
                return run;
            var result = await runner.RunAsync(new RetentionOptions(), cancellationToken).ConfigureAwait(false);
            events.Write(RunEvent.RetentionApplied, Texts.Get("Event_RetentionApplied", result.Removed.Count, result.Held), new { removed = result.Removed.Select(each => each.Id), held = result.Held, bytesFreed = result.BytesFreed });
            return run with { Retention = result };
        }
        catch (Exception exception) when (exception is BackupException or RepositoryException or Storage.StorageException or OperationCanceledException)
        {
            var reason = exception is OperationCanceledException ? Texts.Get("RunStopped") : Errors.ErrorTranslator.Translate(exception, _configuration).Message;
            Note(Texts.Get("RetentionPostponed", reason));
            return run with { Notes = [.. run.Notes, Texts.Get("RetentionPostponed", reason)] };
        }
    }

    // After the run and outside of its lock. When anybody else works on the repository, a later run does it.
    private async Task CompactIndexAsync(RepositorySession session, CancellationToken cancellationToken)
    {
        if (session.Repository.IndexFiles < MaxIndexFiles)
            return;
        try
        {
            await using var exclusive = await RepositoryLock.AcquireAsync(session.Repository, exclusive: true, time, cancellationToken).ConfigureAwait(false);
            await new IndexCompactor(session.Repository, exclusive).CompactAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is RepositoryException or Storage.StorageException or OperationCanceledException)
        {
            // The backup is complete and durable; only the tidying waits.
            observer.Verbose(exception.Message);
        }
    }

    // A repository that was there and is gone is more likely an unmounted disk than a wish for a new one.
    private async Task<RepositorySession> OpenRepositoryAsync(CancellationToken cancellationToken)
    {
        var before = false;
        await foreach (var run in journal.ReadAsync(_configuration.Id, cancellationToken).ConfigureAwait(false))
            before |= run.SnapshotId is not null;
        try
        {
            return await RepositorySession.OpenAsync(_configuration, secrets, create: !before, home.Cache(_configuration.Id), time, random, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (before && exception is RepositoryException { Kind: RepositoryErrorKind.NotARepository } or Storage.StorageException { Kind: Storage.StorageErrorKind.NotFound })
        {
            var place = _configuration.Target.Path ?? _configuration.Target.Bucket;
            throw new BackupException("RepositoryVanished", BackupErrorCategory.ObjectNotFound, place, place, _configuration.Name);
        }
    }

    // A user or site that is gone keeps what was backed up; the admin is told.
    private async Task NoteGoneAsync(SnapshotAssembler assembler, RepositoryReader reader, IReadOnlySet<string> users, bool sitesListed, CancellationToken cancellationToken)
    {
        if (await assembler.PreviousAsync([SnapshotAssembler.StateFolder, "resources"], cancellationToken).ConfigureAwait(false) is not { } resources)
            return;
        foreach (var node in await reader.ReadTreeAsync(resources, cancellationToken).ConfigureAwait(false))
        {
            var dash = node.Name.IndexOf('-', StringComparison.Ordinal);
            if (dash < 0 || users.Contains(node.Name[(dash + 1)..]) || users.Contains(node.Name) || (!sitesListed && node.Name.StartsWith("SharePoint-", StringComparison.Ordinal)))
                continue;
            var gone = await ResourceStore.ReadStateAsync(reader, node.Subtree, cancellationToken).ConfigureAwait(false);
            Note(ResourceRunner.Gone(gone.Kind, gone.Name));
        }
    }

    private void Note(string note)
    {
        record.Note(note);
        events.Write(RunEvent.Note, note);
    }
}
