using System.Collections.Concurrent;

namespace KlarKonform.Backup.Repository.Packs;

/// <summary>
/// A fixed number of pack buffers: what bounds a writer's memory. Whoever needs one when all are filled or being uploaded waits.
/// They are allocated as they are needed, uninitialised, so that an almost empty pack costs what it holds. Thread-safe.
/// </summary>
internal sealed class PackBuffers(int count) : IDisposable
{
    private readonly SemaphoreSlim _slots = new(count);
    private readonly ConcurrentBag<byte[]> _idle = [];

    public async Task<byte[]> RentAsync(CancellationToken cancellationToken)
    {
        await _slots.WaitAsync(cancellationToken).ConfigureAwait(false);
        return _idle.TryTake(out var buffer) ? buffer : GC.AllocateUninitializedArray<byte>(PackBuilder.Capacity);
    }

    public void Return(byte[] buffer)
    {
        if (buffer.Length != PackBuilder.Capacity)
            return; // Made for one blob that fits in no ordinary pack.
        _idle.Add(buffer);
        _slots.Release();
    }

    public void Dispose() => _slots.Dispose();
}
