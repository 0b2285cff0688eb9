using KlarKonform.Backup.Engine.Journal;
using KlarKonform.Backup.Engine.Runs.Progress;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Writing;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Engine.Runs.Checkpoints;

/// <summary>Saves a run's work now and then, so that the run that continues it, here or elsewhere, repeats little. Thread-safe.</summary>
internal sealed class Checkpointer(
    BackupRepository session,
    RepositoryLock held,
    SnapshotBuilder builder,
    RepositoryWriter writer,
    RunContext context,
    IEnumerable<BlobId> old
) : IDisposable
{
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(125);

    private readonly CheckpointPolicy _policy = new();
    private readonly List<BlobId> _old = [.. old];
    private readonly AsyncLock _saving = new();
    private readonly TimeProvider _time = context.Time;
    private readonly long _began = context.Time.GetTimestamp();
    private bool _hasEnded;

    public void Dispose() => _saving.Dispose();

    /// <summary>Saves checkpoints as they become due, until it is stopped.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            var saved = _began;
            using var timer = new PeriodicTimer(s_look, _time);
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                if (!_policy.IsDue(context.Record.Work, _time.GetElapsedTime(saved)))
                    continue;
                await SaveAsync(BackupState.Running, cancellationToken);
                saved = _time.GetTimestamp();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The run's work is done; its final snapshot follows.
        }
    }

    /// <summary>Saves a checkpoint now.</summary>
    /// <param name="status">Running, or Partial for a run that was stopped and ends with it.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task SaveAsync(BackupState status, CancellationToken cancellationToken)
    {
        using var turn = await _saving.EnterAsync(cancellationToken);
        if (_hasEnded)
        {
            await DropOldAsync(newest: null, cancellationToken);
            return;
        }

        var record = context.Record;
        var (began, work, cost) = (_time.GetTimestamp(), record.Work, writer.TreeBytesStored);
        var root = await builder.SaveTreesAsync(status, cancellationToken);
        await held.ThrowIfLostAsync();

        // Once begun, it is written to its end; otherwise its id would be unknown and it could not be removed later.
        var id = await builder.SaveCheckpointAsync(root, status, context.Abandon);
        _old.Add(id);
        await DropOldAsync(id, cancellationToken);
        _policy.Saved(work, writer.TreeBytesStored - cost, _time.GetElapsedTime(began));
        context.Events.Write(
            RunEvent.Checkpoint,
            Texts.Get("Event_Checkpoint", id.ToShortString()),
            new
            {
                snapshot = id.ToString(),
                items = record.Items,
                bytes = record.Bytes,
            }
        );
    }

    /// <summary>
    /// The run's final snapshot is durable: its checkpoints are removed, and none is saved any more, even if the run is stopped meanwhile.
    /// </summary>
    public async Task EndAsync(CancellationToken cancellationToken)
    {
        _hasEnded = true;
        await DropOldAsync(newest: null, cancellationToken);
    }

    // Only after their successor is durable. What an interruption leaves is removed the next time.
    private async Task DropOldAsync(BlobId? newest, CancellationToken cancellationToken)
    {
        foreach (var each in _old.Where(each => each != newest).ToArray())
        {
            await session.Repository.DeleteSnapshotAsync(each, cancellationToken);
            _old.Remove(each);
        }
    }
}
