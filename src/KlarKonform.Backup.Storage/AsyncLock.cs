namespace KlarKonform.Backup.Storage;

/// <summary>
/// A lock that is waited for without a thread, and may be held across an await: <c>using (await gate.EnterAsync(token))</c>. Whoever
/// holds it must not enter it once more.
/// </summary>
public sealed class AsyncLock : IDisposable
{
    private readonly SemaphoreSlim _semaphore = new(1, 1);
    private readonly Holder _holder;

    /// <summary>A lock that nobody holds.</summary>
    public AsyncLock() => _holder = new Holder(_semaphore);

    /// <summary>Waits until nobody else holds it.</summary>
    /// <returns>What leaves it when it is disposed, once.</returns>
    /// <exception cref="OperationCanceledException">It was not entered.</exception>
    public async ValueTask<IDisposable> EnterAsync(CancellationToken cancellationToken)
    {
        await _semaphore.WaitAsync(cancellationToken).ConfigureAwait(false);
        return _holder;
    }

    /// <inheritdoc />
    public void Dispose() => _semaphore.Dispose();

    // The same for every turn: nothing is allocated where a lock is entered for every item.
    private sealed class Holder(SemaphoreSlim semaphore) : IDisposable
    {
        public void Dispose() => semaphore.Release();
    }
}
