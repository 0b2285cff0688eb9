using KlarKonform.Backup.Repository.Format;

namespace KlarKonform.Backup.Repository.Packs;

/// <summary>A blob inside a pack.</summary>
/// <param name="Id">SHA-256 of the plain text.</param>
/// <param name="Kind">Tree or data.</param>
/// <param name="Offset">First byte in the pack.</param>
/// <param name="Length">Stored bytes, sealed.</param>
/// <param name="UncompressedLength">Bytes of the plain text when it is compressed, else 0.</param>
public readonly record struct PackedBlob(BlobId Id, BlobKind Kind, uint Offset, uint Length, uint UncompressedLength)
{
    // Chunks end at 8 MiB; trees have no limit, but what promises more than this is damaged, and must not take the memory.
    private const uint MaxPlainLength = 1 << 30;

    /// <summary>Whether a pack can hold such a blob: nothing else is let in from index files and pack headers.</summary>
    public bool IsPossible => Length >= Crypto.CryptoKey.Overhead && PlainLength <= MaxPlainLength && Length <= MaxPlainLength && (ulong)Offset + Length <= uint.MaxValue;

    /// <summary>What it is known by.</summary>
    public BlobHandle Handle => new(Kind, Id);

    /// <summary>Bytes of the plain text.</summary>
    public uint PlainLength => UncompressedLength != 0 ? UncompressedLength : Length - Crypto.CryptoKey.Overhead;
}
