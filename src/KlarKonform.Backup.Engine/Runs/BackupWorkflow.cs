using KlarKonform.Backup.Engine.Configuration;
using KlarKonform.Backup.Engine.Connections;
using KlarKonform.Backup.Engine.Journal;
using KlarKonform.Backup.Engine.Retention;
using KlarKonform.Backup.Engine.Runs.Progress;
using KlarKonform.Backup.Engine.Runs.Sharding;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Engine.Sources;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Repairing;

namespace KlarKonform.Backup.Engine.Runs;

/// <summary>What a run does: sign-in, repository, lock, resources, the verified snapshot. Used once.</summary>
internal sealed class BackupWorkflow(
    RunProgress record,
    BackupOptions options,
    ISecretStore secrets,
    IBackupObserver observer,
    RunEvents events,
    RunMonitor monitor,
    BackupHome home,
    RunJournal journal,
    TimeProvider time,
    Random random
)
{
    // Every run adds two index files; up to this number they are read with few requests.
    private const int MaxIndexFiles = 64;

    private readonly BackupConfiguration _configuration = record.Configuration;
    private GraphTime? _clock;

    /// <summary>Whether another worker of a shared run reports how it ended.</summary>
    public bool IsSpokenForElsewhere { get; private set; }

    /// <summary>Runs everything.</summary>
    /// <param name="cancellationToken">Stops the run at a checkpoint.</param>
    /// <param name="abandon">Cancels the waiting for that checkpoint.</param>
    public async Task<BackupRun> RunAsync(CancellationToken cancellationToken, CancellationToken abandon)
    {
        monitor.Phase = Texts.Get("Progress_Opening");

        // Everything that can be refused is checked before the first byte is written: secrets, sign-in, users, then the storage.
        await secrets.GetAsync(SecretReference.Parse(_configuration.Repository.Password), cancellationToken);
        using var graph = await new GraphFactory(secrets, time, random, monitor.Moved).OpenAsync(
            _configuration.Tenant,
            GraphFactory.LogTo(observer),
            cancellationToken
        );
        monitor.Waits = () => graph.Client.Governor.WaitsUntil;
        _clock = new GraphTime(time, () => graph.Client.ClockOffset);
        var context = new RunContext(record, options, observer, events, monitor, _clock, random, abandon);
        monitor.Phase = Texts.Get("Progress_Listing");
        var catalog = new SourceCatalog(_configuration, options, secrets, time, random);
        var listing = await catalog.ListAsync(graph.Client, cancellationToken);
        foreach (var note in catalog.Notes)
            context.Note(note);
        foreach (var doubt in listing.Doubts)
            context.Doubt(doubt);
        await using var session = await OpenRepositoryAsync(cancellationToken);
        if (options.ShardCount > 1)
        {
            var shared = await new SharedRun(context, session, graph.Client.Governor).RunAsync(listing, cancellationToken);
            IsSpokenForElsewhere = !shared.HasMerged;
            return shared.HasMerged ? await TidyAsync(session, shared.Run, cancellationToken) : shared.Run;
        }

        record.SetPlan(listing.Sources);
        return await TidyAsync(session, await new SoloRun(context, session).RunAsync(listing, cancellationToken), cancellationToken);
    }

    private async Task<BackupRun> TidyAsync(BackupRepository session, BackupRun run, CancellationToken cancellationToken)
    {
        run = await ApplyRetentionAsync(session, run, cancellationToken);
        await CompactIndexAsync(session, cancellationToken);
        return run;
    }

    // The backup is complete and durable; what retention cannot do now, a later run does.
    private async Task<BackupRun> ApplyRetentionAsync(BackupRepository session, BackupRun run, CancellationToken cancellationToken)
    {
        if (_configuration.Retention is null)
            return run;
        monitor.Phase = Texts.Get("Progress_Retention");
        try
        {
            // On a computer with a wrong clock nothing is removed, although the run itself knows the right time: the next run with a right
            // clock does it.
            if (_clock?.Wrong is not null)
                throw new BackupException("RetentionClockOff", BackupErrorCategory.InvalidOperation, _configuration.Name);
            // The removal must see what was written a moment ago.
            if (run.SnapshotId is { } written)
                session.Known = BlobId.Parse(written);
            var runner = new RetentionRunner(session, _clock ?? time, new LockWatching(text => monitor.Phase = text));
            if (!await runner.IsDueAsync(cancellationToken))
                return run;
            var result = await runner.RunAsync(new RetentionOptions(), cancellationToken);
            events.Write(
                RunEvent.RetentionApplied,
                Texts.Get("Event_RetentionApplied", result.Removed.Count, result.Held),
                new
                {
                    removed = result.Removed.Select(each => each.Id),
                    held = result.Held,
                    bytesFreed = result.BytesFreed,
                }
            );
            return run with { Retention = result };
        }
        catch (Exception exception)
            when (exception is BackupException or RepositoryException or Storage.StorageException or OperationCanceledException)
        {
            var reason =
                exception is OperationCanceledException
                    ? Texts.Get("RunStopped")
                    : Errors.ErrorTranslator.Translate(exception, _configuration).Message;
            var note = Texts.Get(
                exception
                    is BackupException
                    {
                        ErrorId: "RetentionNeedsForce" or "RetentionNeedsDecision" or "RetentionGap" or "RetentionVanished"
                    }
                    ? "RetentionWaits"
                    : "RetentionPostponed",
                reason
            );
            record.Note(note);
            events.Write(RunEvent.Note, note);
            return run with { Notes = [.. run.Notes, note] };
        }
    }

    // After the run and outside its lock. If anything else works on the repository, a later run does it.
    private async Task CompactIndexAsync(BackupRepository session, CancellationToken cancellationToken)
    {
        if (session.Repository.Index.SmallFiles < MaxIndexFiles)
            return;
        try
        {
            await using var exclusive = await RepositoryLock.AcquireAsync(session.Repository, exclusive: true, time, cancellationToken);
            var (removed, written) = await new IndexCompactor(session.Repository, exclusive).CompactAsync(cancellationToken);
            var ledger = new FileLedger(session);
            if (await ledger.ReadAsync(cancellationToken) is { } files)
                await ledger.WriteAsync(files.Without(removed).With(written), cancellationToken);
        }
        catch (Exception exception) when (exception is RepositoryException or Storage.StorageException or OperationCanceledException)
        {
            // The backup is complete and durable; only the compaction waits.
            observer.Verbose(exception.Message);
        }
    }

    // A repository that existed and is gone is more likely an unmounted disk than a wish for a new one.
    private async Task<BackupRepository> OpenRepositoryAsync(CancellationToken cancellationToken)
    {
        var newest = await journal.NewestSnapshotAsync(_configuration.Id, cancellationToken);
        var before = newest is not null;
        try
        {
            var session = await BackupRepository.OpenAsync(
                _configuration,
                secrets,
                create: !before,
                home.Cache(_configuration.Id),
                _clock ?? time,
                random,
                monitor.Moved,
                cancellationToken
            );
            session.Known = newest;
            return session;
        }
        catch (Exception exception)
            when (before
                && exception
                    is RepositoryException { Kind: RepositoryErrorKind.NotARepository }
                        or Storage.StorageException { Kind: Storage.StorageErrorKind.NotFound }
            )
        {
            var place = _configuration.Target.Path ?? _configuration.Target.Bucket;
            throw new BackupException("RepositoryVanished", BackupErrorCategory.ObjectNotFound, place, place, _configuration.Name);
        }
    }
}
