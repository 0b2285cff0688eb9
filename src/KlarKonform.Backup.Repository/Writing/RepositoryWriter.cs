using System.Buffers;
using System.Collections.Concurrent;
using KlarKonform.Backup.Repository.Chunking;
using KlarKonform.Backup.Repository.Crypto;
using KlarKonform.Backup.Repository.Index;
using KlarKonform.Backup.Repository.Packs;
using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Repository.Writing;

/// <summary>
/// Stores blobs: hash, look up, compress, seal, pack, upload. Safe for many threads; each of them does the work of its own blobs.
/// Packs are uploaded as they fill; <see cref="FlushAsync"/> makes everything durable in the order packs → index.
/// </summary>
public sealed class RepositoryWriter : IAsyncDisposable
{
    // An index file is written after this many packs (some 80 GiB at most), so that a cut loses little of what was uploaded.
    private const int PacksPerIndex = 256;

    // Uploads under way or waiting; each holds one pack of some 16 MiB in memory.
    private const int MaxUploads = 3;

    private readonly ResticRepository _repository;
    private readonly MasterIndex _index;
    private readonly Packer[] _packers = [new(), new()];
    private readonly ConcurrentDictionary<BlobId, PendingBlob> _pending = new();
    private readonly SemaphoreSlim _uploads = new(MaxUploads);
    private readonly SemaphoreSlim _processing = new(Environment.ProcessorCount + 1);
    private readonly ConcurrentDictionary<Task, bool> _running = new();
    private readonly SemaphoreSlim _indexing = new(1);
    private readonly object _gate = new();
    private readonly List<IndexedPack> _unindexed = [];
    private readonly CancellationTokenSource _stop = new();
    private Exception? _failure;
    private long _bytesStored;
    private long _bytesProcessed;
    private long _blobsStored;

    /// <summary>Writes into an opened repository of version 2 whose index is loaded.</summary>
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.UnsupportedVersion"/>: version 1 is read only.</exception>
    public RepositoryWriter(ResticRepository repository)
        : this(repository, repository.Index)
    {
    }

    /// <summary>Writes what the given index does not know; what is written is added to it.</summary>
    internal RepositoryWriter(ResticRepository repository, MasterIndex index)
    {
        if (repository.Config.Version < 2)
            throw new RepositoryException(RepositoryErrorKind.UnsupportedVersion, "Repositories of format version 1 are read only; 'restic migrate upgrade_repo_v2' upgrades them.");
        _repository = repository;
        _index = index;
    }

    /// <summary>Bytes sent to the storage so far, as packs.</summary>
    public long BytesStored => Interlocked.Read(ref _bytesStored);

    /// <summary>Plain bytes handed in so far, new or known.</summary>
    public long BytesProcessed => Interlocked.Read(ref _bytesProcessed);

    /// <summary>New blobs so far.</summary>
    public long BlobsStored => Interlocked.Read(ref _blobsStored);

    /// <summary>Stores a blob unless it is known, and returns its id. It becomes durable with the next <see cref="FlushAsync"/>.</summary>
    public async Task<BlobId> SaveBlobAsync(BlobKind kind, ReadOnlyMemory<byte> plain, CancellationToken cancellationToken)
    {
        ThrowIfFailed();
        await _processing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            Interlocked.Add(ref _bytesProcessed, plain.Length);
            var id = BlobId.Of(plain.Span);
            if (_index.Contains(id))
                return id;
            var slot = new PendingBlob();
            var claimed = _pending.GetOrAdd(id, slot);
            if (claimed != slot)
            {
                // Another caller is storing the same bytes: a flush after this call must include them.
                await claimed.Packed.WaitAsync(cancellationToken).ConfigureAwait(false);
                return id;
            }

            if (_index.Contains(id))
            {
                // Its pack was indexed between the two looks.
                _pending.TryRemove(id, out _);
                slot.SetPacked();
                return id;
            }

            await PackAsync(id, kind, plain, slot, cancellationToken).ConfigureAwait(false);
            Interlocked.Increment(ref _blobsStored);
            return id;
        }
        finally
        {
            _processing.Release();
        }
    }

    /// <summary>Splits a stream by content and stores the pieces. Memory stays at a few chunks, whatever the length.</summary>
    public async Task<SavedContent> SaveStreamAsync(Stream content, CancellationToken cancellationToken)
    {
        const int piecesAhead = 2;
        const int firstBuffer = 64 * 1024;
        var ids = new List<BlobId>();
        var saving = new Queue<(Task<BlobId> Task, byte[] Buffer)>();
        long size = 0;
        var buffer = ArrayPool<byte>.Shared.Rent(firstBuffer);
        var filled = 0;
        var ended = false;
        var scan = new Chunker.Scan();
        try
        {
            while (!ended || filled > 0)
            {
                var cut = _repository.Chunker.FindCut(ref scan, buffer.AsSpan(0, filled));
                if (cut < 0 && !ended)
                {
                    if (filled == buffer.Length)
                        buffer = Grow(buffer, filled);

                    // Half a mebibyte at a time: what lies beyond a cut has to be moved.
                    var read = await content.ReadAsync(buffer.AsMemory(filled, Math.Min(buffer.Length - filled, Chunker.MinSize)), cancellationToken).ConfigureAwait(false);
                    ended = read == 0;
                    filled += read;
                    continue;
                }

                var length = cut < 0 ? filled : cut;
                size += length;
                if (ended && length == filled && saving.Count == 0)
                {
                    // The whole of a small file: no detour over another thread.
                    ids.Add(await SaveBlobAsync(BlobKind.Data, buffer.AsMemory(0, length), cancellationToken).ConfigureAwait(false));
                    filled = 0;
                    continue;
                }

                var rest = filled - length;
                var next = ArrayPool<byte>.Shared.Rent(Math.Max(firstBuffer, Math.Max(rest, Chunker.MinSize)));
                buffer.AsSpan(length, rest).CopyTo(next);
                var piece = buffer;
                buffer = next;
                filled = rest;
                scan = default;
                saving.Enqueue((Task.Run(() => SaveBlobAsync(BlobKind.Data, piece.AsMemory(0, length), cancellationToken), cancellationToken), piece));
                if (saving.Count > piecesAhead)
                    await TakeAsync().ConfigureAwait(false);
            }

            while (saving.Count > 0)
                await TakeAsync().ConfigureAwait(false);
            return new SavedContent(ids, size);
        }
        finally
        {
            // Buffers of pieces that are still being worked on after a failure are left to the garbage collector.
            ArrayPool<byte>.Shared.Return(buffer);
        }

        async Task TakeAsync()
        {
            var (task, piece) = saving.Dequeue();
            ids.Add(await task.ConfigureAwait(false));
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    /// <summary>Stores a tree; the nodes must be sorted by <see cref="TreeJson.NameOrder"/> and have distinct names.</summary>
    public async Task<BlobId> SaveTreeAsync(IEnumerable<Node> nodes, CancellationToken cancellationToken)
    {
        var json = new ArrayBufferWriter<byte>();
        TreeJson.Write(json, nodes);
        return await SaveBlobAsync(BlobKind.Tree, json.WrittenMemory, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes everything that was saved before the call durable: open packs are uploaded, then the index is written.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        ThrowIfFailed();
        foreach (var packer in _packers)
            packer.CloseOpen(StartUpload);
        await Task.WhenAll(_running.Keys.ToArray()).WaitAsync(cancellationToken).ConfigureAwait(false);
        ThrowIfFailed();
        await WriteIndexAsync(atLeast: 1, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends uploads under way. What was not flushed is not in the index; a later prune removes its packs.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        while (_running.Keys.ToArray() is { Length: > 0 } running)
            await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var packer in _packers)
            packer.CloseOpen(Discard);
        _stop.Dispose();
        _uploads.Dispose();
        _processing.Dispose();
        _indexing.Dispose();
    }

    /// <summary>The plain bytes of a blob that was saved but is not in the index yet, or null.</summary>
    internal byte[]? ReadPending(BlobId id)
    {
        if (!_pending.TryGetValue(id, out var slot))
            return null;
        byte[] stored;
        PackedBlob blob;
        lock (slot)
        {
            if (slot.Pack is not { } pack)
                return null;
            blob = slot.Blob;
            stored = pack.Copy(blob);
        }

        return BlobCodec.Open(_repository, stored, blob);
    }

    private async Task PackAsync(BlobId id, BlobKind kind, ReadOnlyMemory<byte> plain, PendingBlob slot, CancellationToken cancellationToken)
    {
        var compressed = ArrayPool<byte>.Shared.Rent(Compression.Bound(plain.Length));
        var stored = ArrayPool<byte>.Shared.Rent(plain.Length + CryptoKey.Overhead);
        Task admitted;
        try
        {
            var length = Compression.IsWorthTrying(plain.Span) ? _repository.Compression.Compress(plain.Span, compressed) : int.MaxValue;

            // Without a gain the plain text is stored: the header's type says which it is.
            var gain = length < plain.Length;
            var text = gain ? compressed.AsMemory(0, length) : plain;
            var sealedBlob = stored.AsMemory(0, text.Length + CryptoKey.Overhead);
            _repository.Key.Seal(text.Span, sealedBlob.Span);
            admitted = _packers[(int)kind].Add(id, kind, sealedBlob.Span, gain ? plain.Length : 0, slot, StartUpload);
            slot.SetPacked();
        }
        catch (Exception exception)
        {
            _pending.TryRemove(id, out _);
            slot.SetFailed(exception);
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(compressed);
            ArrayPool<byte>.Shared.Return(stored);
        }

        // Whoever fills a pack waits until its upload starts: that is what bounds the memory.
        await admitted.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Registers the upload at once, so that a flush cannot miss it, and returns a task that ends when it really starts.</summary>
    private Task StartUpload(PackBuilder pack)
    {
        var admitted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var upload = Task.Run(() => UploadAsync(pack, admitted), CancellationToken.None);
        _running[upload] = true;
        _ = upload.ContinueWith(done => _running.TryRemove(done, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return admitted.Task;
    }

    private async Task UploadAsync(PackBuilder pack, TaskCompletionSource admitted)
    {
        var holdsSlot = false;
        try
        {
            await _uploads.WaitAsync(_stop.Token).ConfigureAwait(false);
            holdsSlot = true;
            admitted.SetResult();
            var content = pack.Finish(_repository.Key);
            var id = BlobId.Of(content.Span);
            await _repository.Store.SaveAsync(RepositoryLayout.Key(RepositoryFile.Data, id), content, _stop.Token).ConfigureAwait(false);
            Interlocked.Add(ref _bytesStored, content.Length);
            _index.Add(id, pack.Blobs);
            foreach (var blob in pack.Blobs)
            {
                if (_pending.TryRemove(blob.Id, out var slot))
                {
                    lock (slot)
                        slot.Pack = null;
                }
            }

            bool writeIndex;
            lock (_gate)
            {
                _unindexed.Add(IndexedPack.Of(id, pack.Blobs));
                writeIndex = _unindexed.Count >= PacksPerIndex;
            }

            pack.Dispose();
            if (writeIndex)
                await WriteIndexAsync(PacksPerIndex, _stop.Token).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // Reported by the next call of any caller: the writer is of no use any more.
            Fail(exception);
        }
        finally
        {
            admitted.TrySetResult();
            if (holdsSlot)
                _uploads.Release();
        }
    }

    private async Task WriteIndexAsync(int atLeast, CancellationToken cancellationToken)
    {
        await _indexing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            IndexedPack[] packs;
            lock (_gate)
                packs = [.. _unindexed];
            if (packs.Length < atLeast)
                return;
            await _repository.SaveFileAsync(RepositoryFile.Index, new IndexFile { Packs = packs }, cancellationToken).ConfigureAwait(false);
            lock (_gate)
                _unindexed.RemoveRange(0, packs.Length);
        }
        finally
        {
            _indexing.Release();
        }
    }

    private static Task Discard(PackBuilder pack)
    {
        pack.Dispose();
        return Task.CompletedTask;
    }

    private void Fail(Exception exception) => Interlocked.CompareExchange(ref _failure, exception, null);

    private void ThrowIfFailed()
    {
        if (_failure is { } failure)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
    }

    private static byte[] Grow(byte[] buffer, int filled)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Min(buffer.Length * 2, Chunker.MaxSize));
        buffer.AsSpan(0, filled).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }
}
