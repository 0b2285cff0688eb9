using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Packs;

namespace KlarKonform.Backup.Repository.Index;

/// <summary>
/// A blob's location in sixteen bytes: <see cref="PackedBlob.IsPossible"/> keeps plain lengths below 2^31, so one bit is left for the kind.
/// </summary>
internal readonly struct BlobPlace
{
    private const uint TreeBit = 1u << 31;

    private readonly uint _offset;
    private readonly uint _length;
    private readonly uint _plain;

    /// <summary>A location in the pack with this number.</summary>
    public BlobPlace(int pack, PackedBlob blob)
    {
        Pack = pack;
        _offset = blob.Offset;
        _length = blob.Length;
        _plain =
            blob.UncompressedLength < TreeBit
                ? blob.UncompressedLength | (blob.Kind == BlobKind.Tree ? TreeBit : 0)
                : throw new RepositoryException(RepositoryErrorKind.Damaged, $"A blob of {blob.UncompressedLength} bytes is not possible.");
    }

    public int Pack { get; }

    public uint Offset => _offset;

    public BlobKind Kind => (_plain & TreeBit) != 0 ? BlobKind.Tree : BlobKind.Data;

    public PackedBlob ToBlob(BlobId id) => new(id, Kind, _offset, _length, _plain & ~TreeBit);
}
