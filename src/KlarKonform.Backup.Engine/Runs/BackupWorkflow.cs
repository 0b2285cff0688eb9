using KlarKonform.Backup.Engine.Configuration;
using KlarKonform.Backup.Engine.Connections;
using KlarKonform.Backup.Engine.Journal;
using KlarKonform.Backup.Engine.Retention;
using KlarKonform.Backup.Engine.Runs.Progress;
using KlarKonform.Backup.Engine.Runs.Sharding;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Engine.Sources;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Repairing;

namespace KlarKonform.Backup.Engine.Runs;

/// <summary>What a run does: sign-in, repository, lock, resources, the verified snapshot. Used once.</summary>
/// <param name="context">The run.</param>
/// <param name="secrets">The vault.</param>
/// <param name="home">Where the cache is.</param>
/// <param name="journal">Earlier runs.</param>
/// <param name="time">The computer's clock, and pauses.</param>
internal sealed class BackupWorkflow(RunContext context, ISecretStore secrets, BackupHome home, RunJournal journal, TimeProvider time)
{
    // Every run adds two index files; up to this number they are read with few requests.
    private const int MaxIndexFiles = 64;

    private readonly BackupConfiguration _configuration = context.Record.Configuration;

    /// <summary>Whether another worker of a shared run reports how it ended.</summary>
    public bool IsSpokenForElsewhere { get; private set; }

    /// <summary>Runs everything.</summary>
    /// <param name="cancellationToken">Stops the run at a checkpoint.</param>
    public async Task<BackupRun> RunAsync(CancellationToken cancellationToken)
    {
        context.Monitor.Phase = Texts.Get("Progress_Opening");

        // Everything that can be refused is checked before the first byte is written: secrets, sign-in, users, then the storage.
        await secrets.GetAsync(SecretReference.Parse(_configuration.Repository.Password), cancellationToken);
        using var graph = await new GraphFactory(secrets, time, context.Random, context.Monitor.Moved).OpenAsync(
            _configuration.Tenant,
            GraphFactory.LogTo(context.Observer),
            cancellationToken
        );
        context.Monitor.Waits = () => graph.Client.Governor.WaitsUntil;
        context.Time.Follow(() => graph.Client.ClockOffset);
        context.Monitor.Phase = Texts.Get("Progress_Listing");
        var catalog = new SourceCatalog(_configuration, context.Options, secrets, time, context.Random);
        var listing = await catalog.ListAsync(graph.Client, cancellationToken);
        foreach (var note in catalog.Notes)
            context.Note(note);
        foreach (var doubt in listing.Doubts)
            context.Doubt(doubt);
        await using var session = await OpenRepositoryAsync(cancellationToken);
        if (context.Options.ShardCount > 1)
        {
            var shared = await new SharedRun(context, session, graph.Client.Governor).RunAsync(listing, cancellationToken);
            IsSpokenForElsewhere = !shared.HasMerged;
            return shared.HasMerged ? await TidyAsync(session, shared.Run, cancellationToken) : shared.Run;
        }

        context.Record.SetPlan(listing.Sources);
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
        context.Monitor.Phase = Texts.Get("Progress_Retention");
        try
        {
            // On a computer with a wrong clock nothing is removed, although the run itself knows the right time: the next run with a right
            // clock does it.
            if (context.Time.Wrong is not null)
                throw new BackupException(ErrorIds.RetentionClockOff, BackupErrorCategory.InvalidOperation, _configuration.Name);
            // The removal must see what was written a moment ago.
            if (run.SnapshotId is { } written)
                session.Known = BlobId.Parse(written);
            var runner = new RetentionRunner(session, context.Time, context.Watching);
            if (!await runner.IsDueAsync(cancellationToken))
                return run;
            var result = await runner.RunAsync(new RetentionOptions(), cancellationToken);
            context.Events.Write(
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
                        ErrorId: ErrorIds.RetentionNeedsForce
                            or ErrorIds.RetentionNeedsDecision
                            or ErrorIds.RetentionGap
                            or ErrorIds.RetentionVanished
                    }
                    ? "RetentionWaits"
                    : "RetentionPostponed",
                reason
            );
            context.Note(note);
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
            context.Observer.Verbose(exception.Message);
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
                context.Time,
                context.Random,
                context.Monitor.Moved,
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
            throw new BackupException(ErrorIds.RepositoryVanished, BackupErrorCategory.ObjectNotFound, place, place, _configuration.Name);
        }
    }
}
