using System.Buffers;
using System.Collections.Concurrent;
using KlarKonform.Backup.Repository.Chunking;
using KlarKonform.Backup.Repository.Format;

namespace KlarKonform.Backup.Repository.Writing;

/// <summary>
/// Splits streams into chunks by content. A stream holds at most two chunks: one being read, one being saved. Thread-safe.
/// </summary>
internal sealed class StreamSplitter(Chunker chunker, Func<ReadOnlyMemory<byte>, CancellationToken, Task<BlobId>> save)
{
    // Most of what is backed up is small: mails, contacts, documents.
    private const int SmallBuffer = 64 * 1024;

    // The data beyond a cut must be moved: with smaller reads there is less to move.
    private const int ReadSize = 256 * 1024;

    // Buffers that wait for the next large file. More may be in use at a time; those are left to the garbage collector.
    private const int MaxIdle = 6;

    private readonly ConcurrentBag<byte[]> _idle = [];

    /// <summary>Saves a stream.</summary>
    /// <param name="content">The stream.</param>
    /// <param name="taken">Called for every saved chunk, one after another and in order; or null. The bytes are valid during the
    /// call.</param>
    /// <param name="cancellationToken">Cancels the saving.</param>
    public async Task<SavedContent> SaveAsync(
        Stream content,
        Action<BlobId, ReadOnlyMemory<byte>>? taken,
        CancellationToken cancellationToken
    )
    {
        var ids = new List<BlobId>();
        long size = 0;
        var buffer = ArrayPool<byte>.Shared.Rent(SmallBuffer);
        (Task<BlobId> Task, byte[] Buffer, int Length)? saving = null;
        var filled = 0;
        var ended = false;
        var scan = new Chunker.Scan();
        while (!ended || filled > 0)
        {
            var cut = chunker.FindCut(ref scan, buffer.AsSpan(0, filled));
            if (cut < 0 && !ended)
            {
                if (filled == buffer.Length)
                    buffer = Grow(buffer, filled);
                var read = await content
                    .ReadAsync(buffer.AsMemory(filled, Math.Min(buffer.Length - filled, ReadSize)), cancellationToken)
                    .ConfigureAwait(false);
                ended = read == 0;
                filled += read;
                continue;
            }

            var length = cut < 0 ? filled : cut;
            size += length;
            if (ended && length == filled && saving is null)
            {
                // A complete small file: without a detour over another thread.
                ids.Add(await save(buffer.AsMemory(0, length), cancellationToken).ConfigureAwait(false));
                taken?.Invoke(ids[^1], buffer.AsMemory(0, length));
                break;
            }

            await TakeAsync().ConfigureAwait(false);
            var rest = filled - length;
            var piece = buffer;
            buffer = RentLarge();
            piece.AsSpan(length, rest).CopyTo(buffer);
            (filled, scan) = (rest, default);
            saving = (Task.Run(() => save(piece.AsMemory(0, length), cancellationToken), cancellationToken), piece, length);
        }

        await TakeAsync().ConfigureAwait(false);

        // After a failure the buffers are left to the garbage collector: a chunk may still be in use.
        Return(buffer);
        return new SavedContent(ids, size);

        async Task TakeAsync()
        {
            if (saving is not var (task, piece, length))
                return;
            saving = null;
            ids.Add(await task.ConfigureAwait(false));
            taken?.Invoke(ids[^1], piece.AsMemory(0, length));
            Return(piece);
        }
    }

    private byte[] Grow(byte[] buffer, int filled)
    {
        // One step up to the minimum chunk, then one to the maximum: a size in between would only be copied again.
        var larger = buffer.Length < Chunker.MinSize ? ArrayPool<byte>.Shared.Rent(Chunker.MinSize) : RentLarge();
        buffer.AsSpan(0, filled).CopyTo(larger);
        Return(buffer);
        return larger;
    }

    // Uninitialised: pages that no chunk reaches cost nothing.
    private byte[] RentLarge() => _idle.TryTake(out var buffer) ? buffer : GC.AllocateUninitializedArray<byte>(Chunker.MaxSize);

    private void Return(byte[] buffer)
    {
        if (buffer.Length < Chunker.MaxSize)
            ArrayPool<byte>.Shared.Return(buffer);
        else if (_idle.Count < MaxIdle)
            _idle.Add(buffer);
    }
}
