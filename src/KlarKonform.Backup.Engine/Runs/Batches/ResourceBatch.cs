using KlarKonform.Backup.Engine.Retention;
using KlarKonform.Backup.Engine.Runs.Checkpoints;
using KlarKonform.Backup.Engine.Runs.Progress;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Engine.Sources.Drives;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Writing;

namespace KlarKonform.Backup.Engine.Runs.Batches;

/// <summary>Runs resources under a held claim, starting from a snapshot and saving checkpoints along the way. Used once.</summary>
internal sealed class ResourceBatch : IAsyncDisposable
{
    private readonly RunContext _context;
    private readonly BackupRepository _session;
    private readonly RepositoryLock _held;

    /// <summary>Prepares the run; the repository's index is open.</summary>
    /// <param name="context">The run.</param>
    /// <param name="session">The repository.</param>
    /// <param name="held">The claim.</param>
    /// <param name="start">Where its snapshots begin.</param>
    /// <param name="old">Checkpoints that this run's first checkpoint replaces.</param>
    public ResourceBatch(RunContext context, BackupRepository session, RepositoryLock held, SnapshotStart start, IEnumerable<BlobId> old)
    {
        _context = context;
        _session = session;
        _held = held;
        Writer = NewWriter(session, held);
        Reader = new RepositoryReader(session.Repository, Writer, session.TreeCache);
        Builder = new SnapshotBuilder(context, held, Writer, Reader, start);
        Checkpointer = new Checkpointer(session, held, Builder, Writer, context, old);
    }

    public RepositoryWriter Writer { get; }

    public RepositoryReader Reader { get; }

    public SnapshotBuilder Builder { get; }

    public Checkpointer Checkpointer { get; }

    /// <summary>Creates a writer with the options of the configuration's target.</summary>
    public static RepositoryWriter NewWriter(BackupRepository session, RepositoryLock held) =>
        new(session.Repository, session.WriterOptions with { Held = held });

    /// <summary>Runs the resources and what follows them. When it is stopped, a last checkpoint is saved if there is time.</summary>
    /// <param name="sources">The resources.</param>
    /// <param name="finish">What follows them, under the same claim.</param>
    /// <param name="cancellationToken">Stops the run.</param>
    /// <exception cref="BackupException">LockLost: another process took the claim for dead, or it could not be renewed.</exception>
    public async Task<T> RunAsync<T>(
        IReadOnlyList<IResourceSource> sources,
        Func<CancellationToken, Task<T>> finish,
        CancellationToken cancellationToken
    )
    {
        using var alive = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _held.Lost);
        try
        {
            await RunSourcesAsync(sources, alive.Token);
            return await finish(alive.Token);
        }
        catch (OperationCanceledException) when (_held.Lost.IsCancellationRequested)
        {
            throw LockLoss.Of(_held, _session);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await SaveLastCheckpointAsync();
            throw;
        }
        finally
        {
            foreach (var run in _context.Record.Runs)
                run.Dispose();
        }
    }

    public async ValueTask DisposeAsync()
    {
        Checkpointer.Dispose();
        await Writer.DisposeAsync();
    }

    private async Task RunSourcesAsync(IReadOnlyList<IResourceSource> sources, CancellationToken cancellationToken)
    {
        var time = _context.Time;
        var before = await Builder.PreviousManifestAsync(cancellationToken);
        foreach (var source in sources.OfType<OneDriveSource>().Where(source => source.Drive is not null))
        {
            if (
                before.Resources.FirstOrDefault(each => each.Kind == source.Kind && each.Drive == source.Drive) is { } known
                && !sources.Any(other => other.Kind == known.Kind && other.ResourceId == known.Id)
            )
                source.Continue(known.Id);
        }

        var ordered = SourceOrder.Of(sources, before.Resources, time.GetUtcNow());
        _context.Record.SetPlan(ordered);
        using var done = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var deletedItems = new DeletedItemsRetention(_session, time);
        var checkpointing = Checkpointer.RunAsync(done.Token);
        _context.Monitor.Phase = null;
        try
        {
            var runner = new ResourceRunner(_context, Builder, Reader, Writer, deletedItems);
            var running = runner.RunAsync(ordered, done.Token);

            // When a checkpoint fails, every further write would fail the same way.
            if (await Task.WhenAny(running, checkpointing) == checkpointing)
                await done.CancelAsync();
            await running;
        }
        catch (OperationCanceledException) when (checkpointing.IsFaulted)
        {
            // The checkpoint's own failure is thrown below.
        }
        finally
        {
            await done.CancelAsync();
            await checkpointing;
        }
    }

    private async Task SaveLastCheckpointAsync()
    {
        _context.Monitor.Phase = Texts.Get("Progress_Stopping");
        try
        {
            await Checkpointer.SaveAsync(BackupState.Partial, _context.Abandon);
        }
        catch (OperationCanceledException) when (_context.Abandon.IsCancellationRequested)
        {
            // The storage is too slow for the promised ten seconds: the previous checkpoint remains the last one.
            _context.Observer.Verbose("The last checkpoint was abandoned.");
        }
    }
}
