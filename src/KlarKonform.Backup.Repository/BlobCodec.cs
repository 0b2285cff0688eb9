using KlarKonform.Backup.Repository.Packs;

namespace KlarKonform.Backup.Repository;

/// <summary>Turns a blob's stored bytes into its plain text, and proves that it is the right one.</summary>
internal static class BlobCodec
{
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.Damaged"/>.</exception>
    public static byte[] Open(ResticRepository repository, ReadOnlySpan<byte> stored, PackedBlob blob)
    {
        var opened = new byte[Math.Max(0, stored.Length - Crypto.CryptoKey.Overhead)];
        repository.Key.Open(stored, opened);
        var plain = opened;
        if (blob.UncompressedLength != 0)
        {
            plain = new byte[blob.UncompressedLength];
            repository.Compression.Decompress(opened, plain);
        }

        if (BlobId.Of(plain) != blob.Id)
            throw new RepositoryException(RepositoryErrorKind.Damaged, $"The blob {blob.Id} does not match its id.");
        return plain;
    }
}
