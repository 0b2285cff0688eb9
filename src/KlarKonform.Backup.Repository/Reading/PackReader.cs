using System.Buffers.Binary;
using KlarKonform.Backup.Repository.Crypto;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Packs;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Repository.Reading;

/// <summary>Reads a pack's own description at the storage, without an index.</summary>
internal static class PackReader
{
    // restic's own limit (internal/repository/pack, maxHeaderSize).
    private const long MaxHeader = 16 * 1024 * 1024;

    /// <exception cref="RepositoryException">The header cannot be read.</exception>
    public static async Task<List<PackedBlob>> ReadHeaderAsync(
        ResticRepository repository,
        StoredObject pack,
        CancellationToken cancellationToken
    )
    {
        // Most headers fit; a longer one is read with a second request.
        const int guess = 8 * 1024;
        var tail = await ReadTailAsync(repository, pack, Math.Min(guess, pack.Size), cancellationToken).ConfigureAwait(false);
        if (tail.Length < PackHeader.LengthSize + CryptoKey.Overhead)
            throw new RepositoryException(RepositoryErrorKind.Damaged, $"The pack {pack.Name} is too short.");
        var needed =
            BinaryPrimitives.ReadUInt32LittleEndian(tail.AsSpan(tail.Length - PackHeader.LengthSize)) + (long)PackHeader.LengthSize;
        if (needed > MaxHeader)
            throw new RepositoryException(RepositoryErrorKind.Damaged, $"The pack {pack.Name} promises a header of {needed} bytes.");
        if (needed > tail.Length && needed <= pack.Size)
            tail = await ReadTailAsync(repository, pack, needed, cancellationToken).ConfigureAwait(false);
        return PackHeader.Read(repository.Key, tail);
    }

    private static async Task<byte[]> ReadTailAsync(
        ResticRepository repository,
        StoredObject pack,
        long length,
        CancellationToken cancellationToken
    )
    {
        var tail = new byte[length];
        await using var stream = await repository
            .Store.OpenReadAsync(pack.Key, pack.Size - length, length, cancellationToken)
            .ConfigureAwait(false);
        try
        {
            await stream.ReadExactlyAsync(tail, cancellationToken).ConfigureAwait(false);
        }
        catch (EndOfStreamException exception)
        {
            throw new RepositoryException(
                RepositoryErrorKind.Damaged,
                $"The pack {pack.Name} is shorter than the listing says.",
                exception
            );
        }

        return tail;
    }
}
