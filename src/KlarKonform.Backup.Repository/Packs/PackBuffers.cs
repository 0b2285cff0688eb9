using System.Collections.Concurrent;

namespace KlarKonform.Backup.Repository.Packs;

/// <summary>
/// Pack buffers of one packer, a fixed number at most: what bounds a writer's memory. Whoever needs one when all are filled or being
/// uploaded waits. They are allocated as they are needed, uninitialised, so that an almost empty pack costs what it holds; a third and
/// further one only when the storage is really slower than the data comes. Renting is for one thread at a time, returning for any.
/// </summary>
internal sealed class PackBuffers(int count) : IDisposable
{
    // One is filled while another is uploaded.
    private const int Usual = 2;

    // A wait that a run does not notice; an upload that ends within it spares 17 MiB.
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(50);

    private readonly SemaphoreSlim _returned = new(0);
    private readonly ConcurrentBag<byte[]> _idle = [];
    private int _allocated;

    public async Task<byte[]> RentAsync(CancellationToken cancellationToken)
    {
        var mayAllocate = _allocated < count;
        var patience = !mayAllocate ? Timeout.InfiniteTimeSpan : _allocated < Usual ? TimeSpan.Zero : s_patience;
        if (await _returned.WaitAsync(patience, cancellationToken).ConfigureAwait(false) && _idle.TryTake(out var buffer))
            return buffer;
        _allocated++;
        return GC.AllocateUninitializedArray<byte>(PackBuilder.Capacity);
    }

    public void Return(byte[] buffer)
    {
        if (buffer.Length != PackBuilder.Capacity)
            return; // Made for one blob that fits in no ordinary pack.
        _idle.Add(buffer);
        _returned.Release();
    }

    public void Dispose() => _returned.Dispose();
}
