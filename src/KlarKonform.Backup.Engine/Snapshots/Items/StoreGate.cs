using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Engine.Snapshots.Items;

/// <summary>The lock of a <see cref="ResourceStore"/>: one reads or changes it at a time, and a change is never left half done.</summary>
/// <param name="abandon">Cancels even a change in progress.</param>
internal sealed class StoreGate(CancellationToken abandon) : IDisposable
{
    private readonly AsyncLock _gate = new();

    /// <summary>A change failed half-way: the trees in memory must not be used.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Does something under the lock.</summary>
    public async Task<T> LockedAsync<T>(Func<Task<T>> action, CancellationToken cancellationToken)
    {
        using var turn = await _gate.EnterAsync(cancellationToken);
        return await action();
    }

    /// <summary>
    /// Changes something under the lock. A change in progress is completed: stopping half-way would lose an item between its old and its
    /// new place. If it fails nevertheless (the storage is gone), nothing of this store may be put into a snapshot any more.
    /// </summary>
    public Task<T> MutateAsync<T>(Func<CancellationToken, Task<T>> change, CancellationToken cancellationToken) =>
        LockedAsync(
            async () =>
            {
                try
                {
                    return await change(abandon);
                }
                catch
                {
                    IsBroken = true;
                    throw;
                }
            },
            cancellationToken
        );

    /// <summary>Changes something under the lock, without a result.</summary>
    public Task MutateAsync(Func<CancellationToken, Task> change, CancellationToken cancellationToken) =>
        MutateAsync(
            async token =>
            {
                await change(token);
                return true;
            },
            cancellationToken
        );

    public void Dispose() => _gate.Dispose();
}
