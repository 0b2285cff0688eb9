using KlarKonform.Backup.Repository;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Writing;

namespace KlarKonform.Backup.Engine.Runs.Checkpoints;

/// <summary>Saves a run's work now and then, so that whoever continues it, here or elsewhere, repeats little. Thread-safe.</summary>
internal sealed class Checkpointer(RepositorySession session, RepositoryLock held, SnapshotAssembler assembler, RepositoryWriter writer, RunRecord record, IEnumerable<BlobId> old, RunEvents events, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(125);

    private readonly CheckpointPolicy _policy = new();
    private readonly List<BlobId> _old = [.. old];
    private readonly SemaphoreSlim _saving = new(1);
    private readonly long _began = time.GetTimestamp();

    public void Dispose() => _saving.Dispose();

    /// <summary>Saves checkpoints as they become due, until it is stopped.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            var saved = _began;
            using var timer = new PeriodicTimer(s_look, time);
            while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
            {
                if (!_policy.IsDue(record.Work, time.GetElapsedTime(saved)))
                    continue;
                await SaveAsync(BackupState.Running, cancellationToken).ConfigureAwait(false);
                saved = time.GetTimestamp();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The run's work is done; its final snapshot follows.
        }
    }

    /// <summary>Saves a checkpoint now.</summary>
    /// <param name="status">Running, or Partial for a run that was stopped and ends with it.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task SaveAsync(BackupState status, CancellationToken cancellationToken)
    {
        await _saving.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var (began, work, cost) = (time.GetTimestamp(), record.Work, writer.TreeBytesStored);
            var root = await assembler.SaveTreesAsync(record, status, checkpoint: true, cancellationToken).ConfigureAwait(false);
            await held.ThrowIfLostAsync().ConfigureAwait(false);
            var id = await assembler.SaveSnapshotAsync(root, status, files: null, checkpoint: true, cancellationToken).ConfigureAwait(false);
            await DropOldAsync(cancellationToken).ConfigureAwait(false);
            _old.Add(id);
            _policy.Saved(work, writer.TreeBytesStored - cost, time.GetElapsedTime(began));
            events.Write(RunEvent.Checkpoint, Texts.Get("Event_Checkpoint", id.ToShortString()), new { snapshot = id.ToString(), items = record.Items, bytes = record.Bytes });
        }
        finally
        {
            _saving.Release();
        }
    }

    /// <summary>Removes the checkpoints of before: only after their successor is durable.</summary>
    public async Task DropOldAsync(CancellationToken cancellationToken)
    {
        foreach (var each in _old)
            await session.Repository.DeleteSnapshotAsync(each, cancellationToken).ConfigureAwait(false);
        _old.Clear();
    }
}
