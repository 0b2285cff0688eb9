using System.Buffers;
using KlarKonform.Backup.Repository.Crypto;

namespace KlarKonform.Backup.Repository.Packs;

/// <summary>A pack that is being filled, in one pooled buffer. One thread may fill it while others copy out of it.</summary>
internal sealed class PackBuilder : IDisposable
{
    /// <summary>restic's default: a pack is closed once it holds 16 MiB.</summary>
    public const int TargetSize = 16 * 1024 * 1024;

    // restic cannot read a header of more than 16 MiB; this many entries stay far below and bound a pack of tiny blobs.
    private const int MaxBlobs = 100_000;

    private readonly object _gate = new();
    private readonly List<PackedBlob> _blobs = [];
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(1024 * 1024);
    private int _length;

    public IReadOnlyList<PackedBlob> Blobs => _blobs;

    public bool IsFull => _length >= TargetSize || _blobs.Count >= MaxBlobs;

    public PackedBlob Add(BlobId id, BlobKind kind, ReadOnlySpan<byte> sealedBlob, int uncompressedLength)
    {
        lock (_gate)
        {
            var blob = new PackedBlob(id, kind, (uint)_length, (uint)sealedBlob.Length, (uint)uncompressedLength);
            sealedBlob.CopyTo(Reserve(sealedBlob.Length));
            _blobs.Add(blob);
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
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_buffer.Length * 2, _length + length));
            _buffer.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        var span = _buffer.AsSpan(_length, length);
        _length += length;
        return span;
    }
}
