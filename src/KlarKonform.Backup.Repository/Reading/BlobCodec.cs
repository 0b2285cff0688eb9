using System.Buffers;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Packs;

namespace KlarKonform.Backup.Repository.Reading;

/// <summary>Turns a blob's stored bytes into its plain text, and proves that it is the right one.</summary>
internal static class BlobCodec
{
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.Damaged"/>.</exception>
    public static byte[] Open(ResticRepository repository, ReadOnlySpan<byte> stored, PackedBlob blob)
    {
        if (stored.Length != blob.Length)
            throw new RepositoryException(RepositoryErrorKind.Damaged, $"The blob {blob.Id} has another length than its index says.");
        var plain = GC.AllocateUninitializedArray<byte>((int)blob.PlainLength);
        Open(repository, stored, blob, plain);
        return plain;
    }

    /// <summary>Opens it into a buffer of exactly the plain length.</summary>
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.Damaged"/>; the buffer's content is undefined.</exception>
    public static void Open(ResticRepository repository, ReadOnlySpan<byte> stored, PackedBlob blob, Span<byte> plain)
    {
        if (blob.UncompressedLength == 0)
        {
            repository.Key.Open(stored, plain);
        }
        else
        {
            var opened = ArrayPool<byte>.Shared.Rent(stored.Length);
            try
            {
                repository.Compression.Decompress(opened.AsSpan(0, repository.Key.Open(stored, opened)), plain);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(opened);
            }
        }

        if (BlobId.Of(plain) != blob.Id)
            throw new RepositoryException(RepositoryErrorKind.Damaged, $"The blob {blob.Id} does not match its id.");
    }
}
