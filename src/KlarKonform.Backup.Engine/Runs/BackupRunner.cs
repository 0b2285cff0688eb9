using System.Collections.Concurrent;
using KlarKonform.Backup.Engine.Configuration;
using KlarKonform.Backup.Engine.Errors;
using KlarKonform.Backup.Engine.Sources;
using KlarKonform.Backup.Engine.State;
using KlarKonform.Backup.Engine.Targets;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Repository;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Repairing;
using KlarKonform.Backup.Repository.Snapshots;
using KlarKonform.Backup.Repository.Writing;

namespace KlarKonform.Backup.Engine.Runs;

/// <summary>One run: from sign-in to the verified snapshot. Used once.</summary>
internal sealed class BackupRunner(BackupConfiguration configuration, BackupOptions options, ISecretStore secrets, IBackupObserver observer, BackupHome home, RunJournal journal, TimeProvider time, Random random) : IDisposable
{
    // Mailboxes do not share a limit, so many run at once.
    private const int MaxResources = 32;

    // Nodes in memory, at some 1.6 KiB each: shared by the resources that run, however many they are.
    private const int MaxLoaded = 8_000;
    private const int MinLoaded = 250;

    // A server answers late, but several requests at once; each upload takes 17 MiB of memory.
    private const int RemoteUploads = 3;

    // Every run adds two index files; so many are read with few requests.
    private const int MaxIndexFiles = 64;

    // A killed run repeats at most this much.
    private const long CheckpointBytes = 2L << 30;
    private static readonly TimeSpan s_checkpointEvery = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan s_checkpointLook = TimeSpan.FromSeconds(15);

    // How long a stopped run may take for its last checkpoint.
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<string, ResourceRun> _running = new();
    private readonly ConcurrentQueue<ResourceResult> _results = new();
    private readonly ConcurrentQueue<string> _notes = new();
    private readonly ConcurrentQueue<BackupException> _resourceErrors = new();
    private readonly SemaphoreSlim _saving = new(1);
    private readonly Guid _runId = Guid.NewGuid();
    private int _active;
    private BackupRun _run = null!;

    public async Task<BackupRun> RunAsync(CancellationToken cancellationToken)
    {
        _run = new BackupRun
        {
            RunId = _runId,
            Configuration = configuration.Name,
            Status = BackupState.Running,
            Started = time.GetUtcNow(),
            ProcessId = Environment.ProcessId,
        };
        await RefuseSecondRunAsync(cancellationToken).ConfigureAwait(false);
        await journal.WriteAsync(configuration.Id, _run, cancellationToken).ConfigureAwait(false);
        try
        {
            await RunInsideAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            var error = ErrorTranslator.Translate(exception, configuration);
            var stopped = error is OperationCanceledException && cancellationToken.IsCancellationRequested;
            if (error is OperationCanceledException && !stopped)
                error = new BackupException("Unexpected", BackupErrorCategory.NotSpecified, configuration.Name, exception.Message);
            observer.Verbose(exception.ToString());
            Finish(stopped ? BackupState.Partial : BackupState.Failed, stopped ? Texts.Get("RunStopped") : error.Message);
            await journal.WriteAsync(configuration.Id, _run, CancellationToken.None).ConfigureAwait(false);
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(stopped ? exception : error);
        }
        finally
        {
            foreach (var resource in _running.Values)
                resource.Store.Dispose();
        }

        await journal.WriteAsync(configuration.Id, _run, CancellationToken.None).ConfigureAwait(false);
        return _run;
    }

    public void Dispose() => _saving.Dispose();

    private async Task RunInsideAsync(CancellationToken cancellationToken)
    {
        observer.Progress(new BackupProgress(null, Texts.Get("Progress_Opening"), 0, Completed: false));

        // Everything that can be refused is asked before the first byte is written: secrets, sign-in, users, then the storage.
        await secrets.GetAsync(SecretReference.Parse(configuration.Repository.Password), cancellationToken).ConfigureAwait(false);
        using var graph = await new GraphFactory(secrets, time, random).OpenAsync(configuration.Tenant, GraphFactory.LogTo(observer), cancellationToken).ConfigureAwait(false);
        observer.Progress(new BackupProgress(null, Texts.Get("Progress_Listing"), 0, Completed: false));
        var catalog = new SourceCatalog(configuration, options, random);
        var (sources, users) = await catalog.ListAsync(graph.Client, cancellationToken).ConfigureAwait(false);
        foreach (var note in catalog.Notes)
            _notes.Enqueue(note);
        await using var session = await OpenRepositoryAsync(cancellationToken).ConfigureAwait(false);
        await RunLockedAsync(session, sources, users, catalog.SitesListed, cancellationToken).ConfigureAwait(false);
        await CompactIndexAsync(session, cancellationToken).ConfigureAwait(false);
    }

    private async Task RunLockedAsync(RepositorySession session, IReadOnlyList<IResourceSource> sources, IReadOnlySet<string> users, bool sitesListed, CancellationToken cancellationToken)
    {
        await using var held = await RepositoryLock.AcquireAsync(session.Repository, exclusive: false, time, cancellationToken).ConfigureAwait(false);
        using var alive = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, held.Lost);
        var snapshots = await session.RecentAsync(alive.Token).ConfigureAwait(false);
        await session.Repository.OpenIndexAsync(alive.Token).ConfigureAwait(false);
        await using var writer = new RepositoryWriter(session.Repository, configuration.Target.Type == TargetType.Folder ? RepositoryWriter.DefaultUploads : RemoteUploads);
        var reader = new RepositoryReader(session.Repository, writer, session.TreeCache);
        var assembler = new SnapshotAssembler(session, writer, reader, time, snapshots.Count > 0 ? snapshots[^1] : null, _runId);
        var verified = snapshots.Select(each => each.Snapshot).LastOrDefault(each => SnapshotAssembler.FilesOf(each) is not null);
        var checkpoints = snapshots.Where(each => RepositorySession.IsCheckpoint(each.Snapshot)).Select(each => each.Id).ToList();
        try
        {
            using var done = CancellationTokenSource.CreateLinkedTokenSource(alive.Token);
            var checkpointing = CheckpointAsync(session, held, assembler, writer, checkpoints, done.Token);
            try
            {
                await RunSourcesAsync(sources, assembler, reader, writer, alive.Token).ConfigureAwait(false);
            }
            finally
            {
                await done.CancelAsync().ConfigureAwait(false);
                await checkpointing.ConfigureAwait(false);
            }

            await NoteGoneAsync(assembler, reader, users, sitesListed, alive.Token).ConfigureAwait(false);
            await FinishAsync(session, held, assembler, writer, verified, checkpoints, alive.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (held.Lost.IsCancellationRequested)
        {
            throw new BackupException("LockLost", BackupErrorCategory.ResourceBusy, session.Store.Location);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            using var grace = new CancellationTokenSource(s_grace, time);
            await SaveCheckpointAsync(session, held, assembler, checkpoints, grace.Token).ConfigureAwait(false);
            throw;
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

    private async Task RefuseSecondRunAsync(CancellationToken cancellationToken)
    {
        await foreach (var last in journal.ReadAsync(configuration.Id, cancellationToken).ConfigureAwait(false))
        {
            if (last.Status == BackupState.Running)
                throw new BackupException("AlreadyRunning", BackupErrorCategory.ResourceBusy, configuration.Name, configuration.Name, last.ProcessId, last.Started.ToLocalTime());
            return;
        }
    }

    // A repository that was there and is gone is more likely an unmounted disk than a wish for a new one.
    private async Task<RepositorySession> OpenRepositoryAsync(CancellationToken cancellationToken)
    {
        var before = false;
        await foreach (var run in journal.ReadAsync(configuration.Id, cancellationToken).ConfigureAwait(false))
            before |= run.SnapshotId is not null;
        try
        {
            return await RepositorySession.OpenAsync(configuration, secrets, create: !before, home.Cache(configuration.Id), time, random, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (before && exception is RepositoryException { Kind: RepositoryErrorKind.NotARepository } or Storage.StorageException { Kind: Storage.StorageErrorKind.NotFound })
        {
            var place = configuration.Target.Path ?? configuration.Target.Bucket;
            throw new BackupException("RepositoryVanished", BackupErrorCategory.ObjectNotFound, place, place, configuration.Name);
        }
    }

    private async Task RunSourcesAsync(IReadOnlyList<IResourceSource> sources, SnapshotAssembler assembler, RepositoryReader reader, RepositoryWriter writer, CancellationToken cancellationToken)
    {
        var finished = 0;
        await Parallel.ForEachAsync(sources, new ParallelOptions { MaxDegreeOfParallelism = MaxResources, CancellationToken = cancellationToken }, async (source, token) =>
        {
            await RunSourceAsync(source, assembler, reader, writer, token).ConfigureAwait(false);
            var count = Interlocked.Increment(ref finished);
            observer.Progress(new BackupProgress(null, Texts.Get("Progress_Running", count, sources.Count), count * 100 / sources.Count, Completed: false));
        }).ConfigureAwait(false);
    }

    private async Task RunSourceAsync(IResourceSource source, SnapshotAssembler assembler, RepositoryReader reader, RepositoryWriter writer, CancellationToken cancellationToken)
    {
        var label = $"{source.Kind}: {source.Name}";
        observer.Progress(new BackupProgress(label, Texts.Get("State_Running"), -1, Completed: false));
        var stateRoot = await assembler.PreviousAsync(SnapshotAssembler.StatePath(source.Kind, source.ResourceId), cancellationToken).ConfigureAwait(false);
        var state = await ResourceStore.ReadStateAsync(reader, stateRoot, cancellationToken).ConfigureAwait(false);

        // The user may have been renamed: what is stored stays where it is.
        var path = state.Path is { Count: > 0 } known ? known : source.Path;
        var content = await assembler.PreviousAsync(path, cancellationToken).ConfigureAwait(false);
        if (stateRoot is null && content is not null && path.Count > 1)
        {
            // Somebody else's of the same name, who is gone: what was backed up of him is not to be mixed with this.
            path = [path[0], SafeName.WithMark(path[1], source.ResourceId), .. path.Skip(2)];
            content = null;
        }

        var store = ResourceStore.Open(reader, writer, state, content, stateRoot, time, () => Math.Max(MinLoaded, MaxLoaded / Math.Max(1, Volatile.Read(ref _active))));
        var run = new ResourceRun(source, store, writer, observer, options.Full, time);
        Interlocked.Increment(ref _active);
        try
        {
            await store.ChangeStateAsync(each => (each.Kind, each.ResourceId, each.Name, each.Path) = (source.Kind, source.ResourceId, source.Name, path), cancellationToken).ConfigureAwait(false);
            _running[label] = run;
            await source.RunAsync(run, cancellationToken).ConfigureAwait(false);

            // Written by the resource's own thread and out of memory, before the last one is done.
            await store.SaveAsync(cancellationToken).ConfigureAwait(false);
            if (store.State.Failures.Values.Count(failure => failure is { Permanent: false, NextAttempt: not null }) - run.Failures.Count(failure => failure.NextAttempt is not null) is > 0 and var later)
                run.Note(Texts.Get("KnownFailures", source.Kind, source.Name, later));
            AddResult(run, run.Failures.Count > 0 ? BackupState.Partial : BackupState.Succeeded, null, null);
        }
        catch (GraphException exception) when (exception.Kind == GraphErrorKind.UserGone)
        {
            // Deleted since the users were listed. What was backed up stays.
            AddResult(run, BackupState.Succeeded, exception.Code, Gone(source.Kind, source.Name), skipped: true);
            run.Note(Gone(source.Kind, source.Name));
        }
        catch (GraphException exception) when (exception.Kind == GraphErrorKind.NotProvisioned)
        {
            if (stateRoot is null)
                _running.TryRemove(label, out _); // Nothing was there and nothing is: no trace in the snapshot.
            AddResult(run, BackupState.Succeeded, exception.Code, Texts.Get(source.Kind == "OneDrive" ? "NoOneDrive" : "NoMailbox"), skipped: true);
        }
        catch (GraphException exception) when (exception.Kind == GraphErrorKind.Locked)
        {
            if (stateRoot is null)
                _running.TryRemove(label, out _);
            AddResult(run, BackupState.Succeeded, exception.Code, Texts.Get("SiteLocked", source.Name), skipped: true);
            run.Note(Texts.Get("SiteLocked", source.Name));
        }
        catch (GraphException exception)
        {
            var error = (BackupException)ErrorTranslator.Translate(exception, configuration);
            _resourceErrors.Enqueue(error);
            if (source is UnlistedSource)
                _running.TryRemove(label, out _); // It stands for nothing that a snapshot could hold.
            AddResult(run, BackupState.Failed, exception.Code, error.Message);
        }
        finally
        {
            Interlocked.Decrement(ref _active);
            foreach (var note in run.Notes)
                _notes.Enqueue(note);
            observer.Progress(new BackupProgress(label, Texts.Get("Progress_Resource", run.Downloaded, run.Updated), 100, Completed: true));
        }
    }

    private void AddResult(ResourceRun run, BackupState status, string? code, string? message, bool skipped = false) => _results.Enqueue(new ResourceResult
    {
        Kind = run.Source.Kind,
        Name = run.Source.Name,
        Status = status,
        Skipped = skipped,
        ItemsDownloaded = run.Downloaded,
        ItemsUpdated = run.Updated,
        ItemsRemoved = run.Removed,
        BytesDownloaded = run.Bytes,
        Failures = run.Failures.Count,
        Code = code,
        Message = message,
    });

    private async Task CheckpointAsync(RepositorySession session, RepositoryLock held, SnapshotAssembler assembler, RepositoryWriter writer, List<BlobId> checkpoints, CancellationToken cancellationToken)
    {
        var (saved, bytes) = (time.GetUtcNow(), 0L);
        try
        {
            using var timer = new PeriodicTimer(s_checkpointLook, time);
            while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
            {
                if (time.GetUtcNow() - saved < s_checkpointEvery && writer.BytesStored - bytes < CheckpointBytes)
                    continue;
                await SaveCheckpointAsync(session, held, assembler, checkpoints, cancellationToken).ConfigureAwait(false);
                (saved, bytes) = (time.GetUtcNow(), writer.BytesStored);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The run's work is done; its final snapshot follows.
        }
    }

    private async Task SaveCheckpointAsync(RepositorySession session, RepositoryLock held, SnapshotAssembler assembler, List<BlobId> checkpoints, CancellationToken cancellationToken)
    {
        await _saving.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var root = await assembler.SaveTreesAsync(_running.Values, Manifest(), cancellationToken).ConfigureAwait(false);
            await held.ThrowIfLostAsync().ConfigureAwait(false);
            var id = await assembler.SaveSnapshotAsync(root, BackupState.Running, files: null, checkpoint: true, cancellationToken).ConfigureAwait(false);
            await DropCheckpointsAsync(session, checkpoints, cancellationToken).ConfigureAwait(false);
            checkpoints.Add(id);
            await journal.WriteAsync(configuration.Id, _run = Counted(_run), cancellationToken).ConfigureAwait(false);
            observer.Verbose($"Checkpoint {id.ToShortString()}");
        }
        finally
        {
            _saving.Release();
        }
    }

    private async Task FinishAsync(RepositorySession session, RepositoryLock held, SnapshotAssembler assembler, RepositoryWriter writer, Snapshot? verified, List<BlobId> checkpoints, CancellationToken cancellationToken)
    {
        if (!_results.IsEmpty && _results.All(result => result.Status == BackupState.Failed) && _resourceErrors.TryPeek(out var first))
            throw first;
        observer.Progress(new BackupProgress(null, Texts.Get("Progress_Saving"), 99, Completed: false));
        var root = await assembler.SaveTreesAsync(_running.Values, Manifest(), cancellationToken).ConfigureAwait(false);
        observer.Progress(new BackupProgress(null, Texts.Get("Progress_Verifying"), 99, Completed: false));
        var (problems, files) = await new RunVerifier(session.Repository, session.TreeCache, writer.PacksStored, random).VerifyAsync(root, verified?.Root, verified is null ? null : SnapshotAssembler.FilesOf(verified), cancellationToken).ConfigureAwait(false);
        foreach (var problem in problems)
            _notes.Enqueue(Texts.Get("VerificationFailed", Texts.Get("RepositoryProblem", problem.Kind, problem.Name, problem.Detail)));
        var status = problems.Count > 0 || _results.Any(result => result.Status != BackupState.Succeeded) ? BackupState.Partial : BackupState.Succeeded;
        await held.ThrowIfLostAsync().ConfigureAwait(false);
        var snapshot = await assembler.SaveSnapshotAsync(root, status, problems.Count == 0 ? files : null, checkpoint: false, cancellationToken).ConfigureAwait(false);
        await DropCheckpointsAsync(session, checkpoints, cancellationToken).ConfigureAwait(false);
        Finish(status, null);
        _run = _run with { SnapshotId = snapshot.ToString(), Verified = problems.Count == 0, BytesStored = writer.BytesStored };
        observer.Progress(new BackupProgress(null, Texts.Get("State_" + status), 100, Completed: true));
    }

    // Only after their successor is durable.
    private static async Task DropCheckpointsAsync(RepositorySession session, List<BlobId> checkpoints, CancellationToken cancellationToken)
    {
        foreach (var old in checkpoints)
            await session.Repository.DeleteSnapshotAsync(old, cancellationToken).ConfigureAwait(false);
        checkpoints.Clear();
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
            _notes.Enqueue(Gone(gone.Kind, gone.Name));
        }
    }

    private static string Gone(string kind, string name) => kind == "SharePoint" ? Texts.Get("SiteGone", name) : Texts.Get("UserGone", kind, name);

    private object Manifest() => new { run = _runId, configuration = configuration.Id, tenant = configuration.Tenant.Id, resources = _results.OrderBy(result => result.Kind).ThenBy(result => result.Name) };

    private void Finish(BackupState status, string? error) =>
        _run = Counted(_run) with { Status = status, Error = error, Ended = time.GetUtcNow(), Notes = [.. _notes] };

    private BackupRun Counted(BackupRun run) => run with
    {
        ItemsDownloaded = _running.Values.Sum(each => each.Downloaded),
        ItemsUpdated = _running.Values.Sum(each => each.Updated),
        ItemsRemoved = _running.Values.Sum(each => each.Removed),
        BytesDownloaded = _running.Values.Sum(each => each.Bytes),
        Resources = [.. _results.OrderBy(result => result.Kind, StringComparer.Ordinal).ThenBy(result => result.Name, StringComparer.Ordinal)],
        Failures = [.. _running.Values.SelectMany(each => each.Failures)],
    };
}
