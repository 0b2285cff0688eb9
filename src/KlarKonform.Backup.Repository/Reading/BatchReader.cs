using System.Buffers;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Packs;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Repository.Reading;

/// <summary>
/// Reads many chunks of files pack by pack, neighbours with one request, several packs concurrently. Every blob is authenticated and hashed
/// before it is returned. Memory is bounded by <see cref="MaxRange"/> and the largest blob, for each pack being read. Thread-safe.
/// </summary>
/// <param name="repository">An opened repository whose index is loaded.</param>
/// <param name="parallel">How many packs to read concurrently.</param>
public sealed class BatchReader(ResticRepository repository, int parallel)
{
    /// <summary>Maximum number of bytes per request, unless a single blob is larger.</summary>
    public const int MaxRange = 2 * 1024 * 1024;

    // Up to this many bytes between two wanted blobs are read rather than skipped: at most what a request costs in transfer time.
    private const int MaxGap = 64 * 1024;

    private readonly RepositoryReader _single = new(repository);

    /// <summary>Receives a blob's plain bytes, which are valid until the task ends. Called by several threads concurrently.</summary>
    public delegate ValueTask BlobHandler(BlobId id, ReadOnlyMemory<byte> plain, CancellationToken cancellationToken);

    /// <summary>Reads every blob once, in the order of the storage.</summary>
    /// <param name="ids">Distinct blobs. Packs are read in the order of their first blob in this list.</param>
    /// <param name="handle">Receives the plain bytes; an exception from it ends the call.</param>
    /// <param name="failed">Is told of a blob that cannot be read from any pack; the rest continues.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task ReadAsync(
        IEnumerable<BlobId> ids,
        BlobHandler handle,
        Action<BlobId, RepositoryException> failed,
        CancellationToken cancellationToken
    )
    {
        var packs = new Dictionary<BlobId, List<PackedBlob>>();
        var order = new List<BlobId>();
        foreach (var id in ids)
        {
            if (!repository.Index.Blobs.TryFind(BlobHandle.Data(id), out var pack, out var blob))
            {
                failed(id, RepositoryReader.NotInIndex(BlobHandle.Data(id)));
                continue;
            }

            if (!packs.TryGetValue(pack, out var blobs))
            {
                packs.Add(pack, blobs = []);
                order.Add(pack);
            }

            blobs.Add(blob);
        }

        var options = new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = cancellationToken };
        await Parallel
            .ForEachAsync(
                order,
                options,
                async (pack, token) =>
                {
                    var blobs = packs[pack];
                    blobs.Sort((left, right) => left.Offset.CompareTo(right.Offset));
                    for (var first = 0; first < blobs.Count; )
                    {
                        var next = EndOfRange(blobs, first);
                        await ReadRangeAsync(pack, blobs, first, next, handle, failed, token).ConfigureAwait(false);
                        first = next;
                    }
                }
            )
            .ConfigureAwait(false);
    }

    private static int EndOfRange(List<PackedBlob> blobs, int first)
    {
        var next = first + 1;
        while (
            next < blobs.Count
            && blobs[next].Offset - (blobs[next - 1].Offset + (long)blobs[next - 1].Length) <= MaxGap
            && blobs[next].Offset + (long)blobs[next].Length - blobs[first].Offset <= MaxRange
        )
            next++;
        return next;
    }

    private async Task ReadRangeAsync(
        BlobId pack,
        List<PackedBlob> blobs,
        int first,
        int next,
        BlobHandler handle,
        Action<BlobId, RepositoryException> failed,
        CancellationToken cancellationToken
    )
    {
        var start = blobs[first].Offset;
        var length = (int)(blobs[next - 1].Offset + blobs[next - 1].Length - start);
        var stored = ArrayPool<byte>.Shared.Rent(length);
        byte[] plain = [];
        try
        {
            var whole = await TryReadAsync(pack, start, stored.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
            for (var i = first; i < next; i++)
            {
                var blob = blobs[i];
                if (whole && TryOpen(blob, stored.AsSpan((int)(blob.Offset - start), (int)blob.Length), ref plain))
                {
                    await handle(blob.Id, plain.AsMemory(0, (int)blob.PlainLength), cancellationToken).ConfigureAwait(false);
                    continue;
                }

                // Once more and on its own: a copy in another pack may be intact, and if not, the error says what is wrong.
                try
                {
                    await handle(
                            blob.Id,
                            await _single.ReadBlobAsync(blob.Handle, cancellationToken).ConfigureAwait(false),
                            cancellationToken
                        )
                        .ConfigureAwait(false);
                }
                catch (RepositoryException exception)
                {
                    failed(blob.Id, exception);
                }
                catch (StorageException exception) when (IsOfOneFile(exception))
                {
                    failed(blob.Id, new RepositoryException(RepositoryErrorKind.Damaged, exception.Message, exception));
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(stored);
            if (plain.Length > 0)
                ArrayPool<byte>.Shared.Return(plain);
        }
    }

    private async Task<bool> TryReadAsync(BlobId pack, long offset, Memory<byte> target, CancellationToken cancellationToken)
    {
        try
        {
            await RepositoryReader.ReadRangeAsync(repository, pack, offset, target, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (Exception exception)
            when (exception is RepositoryException || (exception is StorageException storage && IsOfOneFile(storage)))
        {
            return false; // Missing, truncated or refused: each blob is read on its own.
        }
    }

    // A pack that the storage refuses or cannot read (a bad sector) affects only its contents. If the storage is unreachable, everything
    // fails.
    private static bool IsOfOneFile(StorageException exception) =>
        exception is { Key: not null, Kind: StorageErrorKind.AccessDenied or StorageErrorKind.Other or StorageErrorKind.Archived };

    private bool TryOpen(PackedBlob blob, ReadOnlySpan<byte> stored, ref byte[] plain)
    {
        if (plain.Length < blob.PlainLength)
        {
            if (plain.Length > 0)
                ArrayPool<byte>.Shared.Return(plain);
            plain = ArrayPool<byte>.Shared.Rent((int)blob.PlainLength);
        }

        try
        {
            BlobCodec.Open(repository, stored, blob, plain.AsSpan(0, (int)blob.PlainLength));
            return true;
        }
        catch (RepositoryException)
        {
            return false;
        }
    }
}
