using System.Collections.Concurrent;

namespace KlarKonform.Backup.Repository.Writing;

/// <summary>
/// Pack buffers of one packer, a fixed number at most: what bounds a writer's memory. Whoever needs one when all are filled or being
/// uploaded waits. They are allocated as they are needed, uninitialised, so that an almost empty pack costs what it holds; more than are
/// filled and one that is uploaded only when the storage is really slower than the data comes. Renting is for one thread at a time,
/// returning for any.
/// </summary>
/// <param name="filled">Packs that are filled at a time.</param>
/// <param name="uploaded">Packs that are uploaded at a time.</param>
/// <param name="options">Size of a pack and its buffer.</param>
internal sealed class PackBuffers(int filled, int uploaded, WriterOptions options) : IDisposable
{
    // A wait that a run does not notice; an upload that ends within it spares a buffer.
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(50);

    private readonly SemaphoreSlim _returned = new(0);
    private readonly ConcurrentBag<byte[]> _idle = [];
    private int _allocated;

    /// <summary>Bytes after which a pack is closed.</summary>
    public int PackSize => options.PackSize;

    /// <summary>Whether a pack of so many bytes needs a buffer of its own.</summary>
    public bool IsLarge(int bytes) => bytes > options.BufferSize;

    public async Task<byte[]> RentAsync(CancellationToken cancellationToken)
    {
        var mayAllocate = _allocated < filled + uploaded;
        var patience = !mayAllocate ? Timeout.InfiniteTimeSpan : _allocated <= filled ? TimeSpan.Zero : s_patience;
        if (await _returned.WaitAsync(patience, cancellationToken).ConfigureAwait(false) && _idle.TryTake(out var buffer))
            return buffer;
        _allocated++;
        return GC.AllocateUninitializedArray<byte>(options.BufferSize);
    }

    public void Return(byte[] buffer)
    {
        if (buffer.Length != options.BufferSize)
            return; // Made for one blob that fits in no ordinary pack.
        _idle.Add(buffer);
        _returned.Release();
    }

    public void Dispose() => _returned.Dispose();
}
