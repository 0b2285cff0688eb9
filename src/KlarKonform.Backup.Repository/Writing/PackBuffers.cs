using System.Collections.Concurrent;

namespace KlarKonform.Backup.Repository.Writing;

/// <summary>
/// The pack buffers of one packer, at most a fixed number, which bounds a writer's memory. A caller that needs one while all are being
/// filled or uploaded waits. They are allocated when needed, uninitialised, so that an almost empty pack costs only what it contains; there
/// are more than the filled ones and a single uploading one only if the storage is really slower than the data. Renting is for one thread
/// at a time, returning for any.
/// </summary>
/// <param name="filled">How many packs are filled concurrently.</param>
/// <param name="uploaded">How many packs are uploaded concurrently.</param>
/// <param name="options">Size of a pack and its buffer.</param>
internal sealed class PackBuffers(int filled, int uploaded, WriterOptions options) : IDisposable
{
    // A wait too short to matter for a run; an upload that ends within it saves a buffer.
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(50);

    private readonly SemaphoreSlim _returned = new(0);
    private readonly ConcurrentBag<byte[]> _idle = [];
    private int _allocated;

    /// <summary>Size in bytes at which a pack is closed.</summary>
    public int PackSize => options.PackSize;

    /// <summary>Whether a pack of this many bytes needs a buffer of its own.</summary>
    public bool IsLarge(int bytes) => bytes > options.BufferSize;

    public async Task<byte[]> RentAsync(CancellationToken cancellationToken)
    {
        var mayAllocate = _allocated < filled + uploaded;
        var patience =
            !mayAllocate ? Timeout.InfiniteTimeSpan
            : _allocated <= filled ? TimeSpan.Zero
            : s_patience;
        if (await _returned.WaitAsync(patience, cancellationToken).ConfigureAwait(false) && _idle.TryTake(out var buffer))
            return buffer;
        _allocated++;
        return GC.AllocateUninitializedArray<byte>(options.BufferSize);
    }

    public void Return(byte[] buffer)
    {
        if (buffer.Length != options.BufferSize)
            return; // Allocated for one blob that does not fit into an ordinary pack.
        _idle.Add(buffer);
        _returned.Release();
    }

    public void Dispose() => _returned.Dispose();
}
