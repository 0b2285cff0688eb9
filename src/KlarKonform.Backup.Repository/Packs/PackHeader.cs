using System.Buffers.Binary;
using KlarKonform.Backup.Repository.Crypto;
using KlarKonform.Backup.Repository.Format;

namespace KlarKonform.Backup.Repository.Packs;

/// <summary>
/// A pack's tail: the sealed list of its blobs, then the sealed list's length as four little-endian bytes.
/// An entry is type (1), stored length (4), for compressed blobs the plain length (4), and the id (32).
/// </summary>
internal static class PackHeader
{
    public const int LengthSize = 4;

    /// <summary>Maximum size of an entry in bytes.</summary>
    public const int MaxEntry = CompressedEntry;

    private const int PlainEntry = 1 + 4 + BlobId.Size;
    private const int CompressedEntry = PlainEntry + 4;

    // A blob's type in the header: its kind, plus this if it is compressed.
    private const byte CompressedFlag = 2;

    /// <summary>Size in bytes of the whole tail.</summary>
    public static int SizeOf(IEnumerable<PackedBlob> blobs) =>
        LengthSize + CryptoKey.Overhead + blobs.Sum(blob => blob.UncompressedLength != 0 ? CompressedEntry : PlainEntry);

    public static void Write(CryptoKey key, IReadOnlyList<PackedBlob> blobs, Span<byte> target)
    {
        var plain = new byte[target.Length - LengthSize - CryptoKey.Overhead];
        var at = plain.AsSpan();
        foreach (var blob in blobs)
        {
            var compressed = blob.UncompressedLength != 0;
            at[0] = (byte)((byte)blob.Kind | (compressed ? CompressedFlag : 0));
            BinaryPrimitives.WriteUInt32LittleEndian(at[1..], blob.Length);
            if (compressed)
                BinaryPrimitives.WriteUInt32LittleEndian(at[5..], blob.UncompressedLength);
            var size = compressed ? CompressedEntry : PlainEntry;
            blob.Id.CopyTo(at[(size - BlobId.Size)..size]);
            at = at[size..];
        }

        key.Seal(plain, target[..^LengthSize]);
        BinaryPrimitives.WriteUInt32LittleEndian(target[^LengthSize..], (uint)(target.Length - LengthSize));
    }

    /// <summary>Reads the list at the end of a whole pack.</summary>
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.Damaged"/>.</exception>
    public static List<PackedBlob> Read(CryptoKey key, ReadOnlySpan<byte> pack)
    {
        if (pack.Length < LengthSize + CryptoKey.Overhead)
            throw Damaged();
        var length = BinaryPrimitives.ReadUInt32LittleEndian(pack[^LengthSize..]);
        if (length < CryptoKey.Overhead || length > pack.Length - LengthSize)
            throw Damaged();
        var plain = new byte[length];
        var at = plain.AsSpan(0, key.Open(pack.Slice(pack.Length - LengthSize - (int)length, (int)length), plain));
        var blobs = new List<PackedBlob>();
        uint offset = 0;
        while (at.Length > 0)
        {
            var compressed = (at[0] & CompressedFlag) != 0;
            var size = compressed ? CompressedEntry : PlainEntry;
            if (at[0] > 3 || at.Length < size)
                throw Damaged();
            var stored = BinaryPrimitives.ReadUInt32LittleEndian(at[1..]);
            var plainLength = compressed ? BinaryPrimitives.ReadUInt32LittleEndian(at[5..]) : 0;
            var blob = new PackedBlob(new BlobId(at[(size - BlobId.Size)..size]), (BlobKind)(at[0] & 1), offset, stored, plainLength);
            if (!blob.IsPossible)
                throw Damaged();
            blobs.Add(blob);
            offset += stored;
            at = at[size..];
        }

        return blobs;
    }

    private static RepositoryException Damaged() => new(RepositoryErrorKind.Damaged, "A pack's header is damaged.");
}
