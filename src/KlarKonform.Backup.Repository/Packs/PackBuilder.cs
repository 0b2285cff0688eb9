using System.Buffers;
using KlarKonform.Backup.Repository.Crypto;

namespace KlarKonform.Backup.Repository.Packs;

/// <summary>A pack that is being filled, in one buffer. One thread may fill it while others copy out of it.</summary>
internal sealed class PackBuilder : IDisposable
{
    /// <summary>restic's default: a pack is closed once it holds 16 MiB.</summary>
    public const int TargetSize = 16 * 1024 * 1024;

    // restic cannot read a header of more than 16 MiB; this many entries stay far below and bound a pack of tiny blobs.
    private const int MaxBlobs = 100_000;

    // Room for the last blob beyond the target, if it is not a large one, and for the header of many.
    private const int Capacity = TargetSize + (1 << 20);

    private readonly object _gate = new();
    private readonly List<PackedBlob> _blobs = [];
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(1024 * 1024);
    private int _length;
    private int _headerSize = PackHeader.SizeOf([]);

    public IReadOnlyList<PackedBlob> Blobs => _blobs;

    public bool IsFull => _length >= TargetSize || _blobs.Count >= MaxBlobs;

    /// <summary>Whether a blob of so many stored bytes fits without making the pack larger than its buffer may grow.</summary>
    public bool HasRoomFor(int length) => _blobs.Count == 0 || _length + length + _headerSize + PackHeader.MaxEntry <= Capacity;

    public PackedBlob Add(BlobId id, BlobKind kind, ReadOnlySpan<byte> sealedBlob, int uncompressedLength)
    {
        lock (_gate)
        {
            var blob = new PackedBlob(id, kind, (uint)_length, (uint)sealedBlob.Length, (uint)uncompressedLength);
            sealedBlob.CopyTo(Reserve(sealedBlob.Length));
            _blobs.Add(blob);
            _headerSize += PackHeader.MaxEntry;
            return blob;
        }
    }

    /// <summary>A copy of the stored bytes of a blob in this pack.</summary>
    public byte[] Copy(PackedBlob blob)
    {
        lock (_gate)
            return _buffer.AsSpan((int)blob.Offset, (int)blob.Length).ToArray();
    }

    /// <summary>Adds the header; the pack is then complete and must not grow.</summary>
    public ReadOnlyMemory<byte> Finish(CryptoKey key)
    {
        lock (_gate)
        {
            PackHeader.Write(key, _blobs, Reserve(PackHeader.SizeOf(_blobs)));
            return _buffer.AsMemory(0, _length);
        }
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private Span<byte> Reserve(int length)
    {
        if (_length + length > _buffer.Length)
        {
            // One step from small to whole: every size between would stay in the pool beside it.
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(Capacity, _length + length));
            _buffer.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        var span = _buffer.AsSpan(_length, length);
        _length += length;
        return span;
    }
}
