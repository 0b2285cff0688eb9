using System.Buffers;
using KlarKonform.Backup.Repository.Packs;

namespace KlarKonform.Backup.Repository;

/// <summary>Turns a blob's stored bytes into its plain text, and proves that it is the right one.</summary>
internal static class BlobCodec
{
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.Damaged"/>.</exception>
    public static byte[] Open(ResticRepository repository, ReadOnlySpan<byte> stored, PackedBlob blob)
    {
        var length = Math.Max(0, stored.Length - Crypto.CryptoKey.Overhead);
        byte[] plain;
        if (blob.UncompressedLength == 0)
        {
            plain = GC.AllocateUninitializedArray<byte>(length);
            repository.Key.Open(stored, plain);
        }
        else
        {
            plain = GC.AllocateUninitializedArray<byte>((int)blob.UncompressedLength);
            var opened = ArrayPool<byte>.Shared.Rent(length);
            try
            {
                repository.Key.Open(stored, opened);
                repository.Compression.Decompress(opened.AsSpan(0, length), plain);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(opened);
            }
        }

        if (BlobId.Of(plain) != blob.Id)
            throw new RepositoryException(RepositoryErrorKind.Damaged, $"The blob {blob.Id} does not match its id.");
        return plain;
    }
}
