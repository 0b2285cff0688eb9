using KlarKonform.Backup.Repository.Crypto;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Packs;

namespace KlarKonform.Backup.Repository.Writing;

/// <summary>
/// A pack being filled, in one buffer. Places are reserved one after another, by one thread at a time; each is then filled by the caller
/// that reserved it, concurrently with others. The pack is complete when it is closed and every place is filled.
/// </summary>
internal sealed class PackBuilder
{
    // restic cannot read a header of more than 16 MiB; this many entries stay far below that and bound a pack of tiny blobs.
    private const int MaxBlobs = 100_000;

    private readonly List<PackedBlob> _blobs = [];
    private readonly TaskCompletionSource _filled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _length;
    private int _headerSize = PackHeader.SizeOf([]);
    private int _open = 1; // The pack itself, and each place that is not filled yet.

    private readonly PackBuffers _buffers;
    private readonly List<PackBuilder> _absorbed = [];

    /// <summary>Whether it contains trees or state instead of user data.</summary>
    public bool IsMetadata { get; init; }

    /// <summary>Starts a pack.</summary>
    /// <param name="buffer">An ordinary pack's buffer, or one of the size that <see cref="BytesFor"/> gives for its only blob.</param>
    /// <param name="buffers">Takes the buffer back.</param>
    public PackBuilder(byte[] buffer, PackBuffers buffers) => (Buffer, _buffers) = (buffer, buffers);

    /// <summary>The buffer, which belongs to the uploader once the pack is filled.</summary>
    public byte[] Buffer { get; }

    public IReadOnlyList<PackedBlob> Blobs => _blobs;

    public bool IsFull => _length >= _buffers.PackSize || _blobs.Count >= MaxBlobs;

    /// <summary>Completes when the pack is closed and every reserved place is filled.</summary>
    public Task Filled => _filled.Task;

    /// <summary>Size in bytes of a pack with one blob of this stored length.</summary>
    public static int BytesFor(int length) => length + PackHeader.SizeOf([]) + PackHeader.MaxEntry;

    /// <summary>Whether a blob of this stored length fits.</summary>
    public bool HasRoomFor(int length) => !IsFull && _length + length + _headerSize + PackHeader.MaxEntry <= Buffer.Length;

    /// <summary>Whether all of another pack fits without exceeding the intended pack size.</summary>
    public bool HasRoomFor(PackBuilder other) =>
        _length + other._length < _buffers.PackSize
        && _blobs.Count + other._blobs.Count <= MaxBlobs
        && _length + other._length + _headerSize + other._headerSize <= Buffer.Length;

    /// <summary>
    /// Takes over the contents of another pack, once it is filled. No place in the other pack may be reserved any more; its buffer is
    /// returned together with this one's, because until then a caller may look there for one of its blobs.
    /// </summary>
    public async Task AbsorbAsync(PackBuilder other)
    {
        other.Close();
        await other.Filled.ConfigureAwait(false);
        foreach (var blob in other._blobs)
        {
            var place = Reserve(blob.Id, blob.Kind, (int)blob.Length, (int)blob.UncompressedLength);
            other.Place(blob).CopyTo(Place(place));
            SetFilled();
        }

        _absorbed.Add(other);
    }

    /// <summary>Reserves a place for a blob.</summary>
    public PackedBlob Reserve(BlobId id, BlobKind kind, int length, int uncompressedLength)
    {
        var blob = new PackedBlob(id, kind, (uint)_length, (uint)length, (uint)uncompressedLength);
        _length += length;
        _headerSize += PackHeader.MaxEntry;
        _blobs.Add(blob);
        Interlocked.Increment(ref _open);
        return blob;
    }

    /// <summary>A reserved place.</summary>
    public Span<byte> Place(PackedBlob blob) => Buffer.AsSpan((int)blob.Offset, (int)blob.Length);

    /// <summary>Marks a place as filled.</summary>
    public void SetFilled() => Release();

    /// <summary>Declares that no more places will be reserved.</summary>
    public void Close() => Release();

    /// <summary>Adds the header of a filled pack.</summary>
    public ReadOnlyMemory<byte> Finish(CryptoKey key)
    {
        var header = PackHeader.SizeOf(_blobs);
        PackHeader.Write(key, _blobs, Buffer.AsSpan(_length, header));
        return Buffer.AsMemory(0, _length + header);
    }

    /// <summary>Returns the buffer; the pack's places must not be accessed any more.</summary>
    public void ReturnBuffer()
    {
        _buffers.Return(Buffer);
        foreach (var other in _absorbed)
            other.ReturnBuffer();
    }

    private void Release()
    {
        if (Interlocked.Decrement(ref _open) == 0)
            _filled.SetResult();
    }
}
