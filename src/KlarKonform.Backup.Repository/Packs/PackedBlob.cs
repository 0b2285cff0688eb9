using KlarKonform.Backup.Repository.Format;

namespace KlarKonform.Backup.Repository.Packs;

/// <summary>A blob inside a pack.</summary>
/// <param name="Id">SHA-256 of the plain text.</param>
/// <param name="Kind">Tree or data.</param>
/// <param name="Offset">First byte in the pack.</param>
/// <param name="Length">Stored length in bytes, sealed.</param>
/// <param name="UncompressedLength">Length of the plain text in bytes if it is compressed, otherwise 0.</param>
public readonly record struct PackedBlob(BlobId Id, BlobKind Kind, uint Offset, uint Length, uint UncompressedLength)
{
    // Chunks end at 8 MiB; trees have no limit, but a length above this is damage, and must not exhaust the memory.
    private const uint MaxPlainLength = 1 << 30;

    /// <summary>Whether such a blob can exist in a pack: index files and pack headers with any other are rejected.</summary>
    public bool IsPossible =>
        Length >= Crypto.CryptoKey.Overhead
        && PlainLength <= MaxPlainLength
        && Length <= MaxPlainLength
        && (ulong)Offset + Length <= uint.MaxValue;

    /// <summary>Its kind and id.</summary>
    public BlobHandle Handle => new(Kind, Id);

    /// <summary>Length of the plain text in bytes.</summary>
    public uint PlainLength => UncompressedLength != 0 ? UncompressedLength : Length - Crypto.CryptoKey.Overhead;
}
