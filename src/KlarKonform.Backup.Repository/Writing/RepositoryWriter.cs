using System.Buffers;
using System.Collections.Concurrent;
using KlarKonform.Backup.Repository.Crypto;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Index;
using KlarKonform.Backup.Repository.Json;
using KlarKonform.Backup.Repository.Packs;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Repository.Writing;

/// <summary>
/// Stores blobs: hash, look up, compress, seal, pack, upload. Safe for many threads; each of them does the work of its own blobs.
/// Packs are uploaded as they fill; <see cref="FlushAsync"/> makes everything durable in the order packs → index.
/// </summary>
public sealed class RepositoryWriter : IPendingBlobs, IAsyncDisposable
{
    // Packers by number.
    private const int Content = 0;
    private const int Trees = 1;
    private const int State = 2;

    // restic fills two concurrently. Trees are never split, and state is unknown to outsiders: their packs are filled one after another.
    private const int OpenContentPacks = 2;

    private readonly ResticRepository _repository;
    private readonly MasterIndex _index;
    private readonly long _maxUnreadIndex;
    private readonly PackBuffers[] _buffers; // Content, trees, state; in the order of the packers.
    private readonly PackUploader _uploader;
    private readonly Packer[] _packers;

    // A tree or a leaf of the item index takes some kilobytes: a run works on about a thousand of them.
    private readonly RecentBlobs _recent = new(8 << 20);
    private readonly AddedBlobs _added = new();
    private readonly StreamSplitter _splitter;
    private readonly StreamSplitter _stateSplitter;
    private readonly ConcurrentDictionary<BlobHandle, PendingBlob> _pending = new();
    private readonly SemaphoreSlim _processing = new(Environment.ProcessorCount + 1);
    private long _bytesProcessed;
    private long _blobsStored;
    private long _unmatched;
    private long _treeBytes;

    /// <summary>Writes into an opened repository of version 2 whose index is loaded.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="options">How it packs and uploads; null for restic's pack size and two uploads.</param>
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.UnsupportedVersion"/>: version 1 is read only.</exception>
    public RepositoryWriter(ResticRepository repository, WriterOptions? options = null)
        : this(repository, repository.Index.Blobs, options) { }

    /// <summary>Writes what the given index does not contain; what is written is added to it.</summary>
    internal RepositoryWriter(ResticRepository repository, MasterIndex index, WriterOptions? options = null)
    {
        if (repository.Config.Version < 2)
            throw new RepositoryException(
                RepositoryErrorKind.UnsupportedVersion,
                "Repositories of format version 1 are read only; 'restic migrate upgrade_repo_v2' upgrades them."
            );
        options ??= new WriterOptions();
        _repository = repository;
        _index = index;
        _maxUnreadIndex = options.MaxUnreadIndex;

        // Trees have packs of their own, as in restic, and so has state, so that small index files say where it is. Both fill slowly: a
        // caller that arrives while such a pack is uploaded waits for it.
        _buffers =
        [
            new PackBuffers(OpenContentPacks, options.Uploads, options),
            new PackBuffers(1, 0, options.ForMetadata),
            new PackBuffers(1, 0, options.ForMetadata),
        ];
        _uploader = new PackUploader(repository, options.Uploads, Settle, options.Held);
        _packers =
        [
            .. _buffers.Select(
                (buffers, number) =>
                    new Packer(buffers, number == Content ? OpenContentPacks : 1, options.Draw, number != Content, _uploader.Start)
            ),
        ];
        _splitter = new StreamSplitter(repository.Chunker, (piece, token) => SaveBlobAsync(BlobKind.Data, Content, piece, token));
        _stateSplitter = new StreamSplitter(repository.Chunker, (piece, token) => SaveBlobAsync(BlobKind.Data, State, piece, token));
    }

    /// <summary>Bytes sent to the storage so far, as packs.</summary>
    public long BytesStored => _uploader.Bytes;

    /// <summary>Bytes of trees and state packed so far, as stored: the cost of saving in addition to the content.</summary>
    public long TreeBytesStored => Interlocked.Read(ref _treeBytes);

    /// <summary>Packs sent to the storage so far, with their sizes in bytes.</summary>
    public IReadOnlyDictionary<BlobId, long> PacksStored => _uploader.Uploaded;

    /// <summary>Packs and index files sent to the storage so far.</summary>
    public FileSetDigest FilesStored => _uploader.Files;

    /// <summary>Plain bytes passed in so far, new or known.</summary>
    public long BytesProcessed => Interlocked.Read(ref _bytesProcessed);

    /// <summary>Number of new blobs so far.</summary>
    public long BlobsStored => Interlocked.Read(ref _blobsStored);

    /// <summary>Number of new data blobs so far.</summary>
    public long DataBlobsStored => _added.Data;

    /// <summary>Number of new trees so far.</summary>
    public long TreesStored => _added.Trees;

    /// <summary>Plain bytes of the new blobs so far.</summary>
    public long PlainBytesStored => _added.Bytes;

    /// <summary>Stores a blob unless it is known, and returns its id. It becomes durable with the next <see cref="FlushAsync"/>.</summary>
    public Task<BlobId> SaveBlobAsync(BlobKind kind, ReadOnlyMemory<byte> plain, CancellationToken cancellationToken) =>
        SaveBlobAsync(kind, kind == BlobKind.Tree ? Trees : Content, plain, cancellationToken);

    /// <summary>Stores a blob together with others of its sort.</summary>
    internal Task<BlobId> SaveBlobAsync(BlobKind kind, ReadOnlyMemory<byte> plain, bool isMetadata, CancellationToken cancellationToken) =>
        SaveBlobAsync(
            kind,
            kind == BlobKind.Tree ? Trees
                : isMetadata ? State
                : Content,
            plain,
            cancellationToken
        );

    private async Task<BlobId> SaveBlobAsync(BlobKind kind, int packer, ReadOnlyMemory<byte> plain, CancellationToken cancellationToken)
    {
        _uploader.ThrowIfFailed();
        await _processing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            Interlocked.Add(ref _bytesProcessed, plain.Length);
            var id = BlobId.Of(plain.Span);
            var blob = new BlobHandle(kind, id);
            if (await IsKnownAsync(blob, plain.Length, cancellationToken).ConfigureAwait(false))
                return id;
            var slot = new PendingBlob();
            var claimed = _pending.GetOrAdd(blob, slot);
            if (claimed != slot)
            {
                // Another caller is storing the same bytes: a flush after this call must include them.
                await claimed.Packed.WaitAsync(cancellationToken).ConfigureAwait(false);
                return id;
            }

            if (_index.Contains(blob))
            {
                // Its pack was indexed between the two looks.
                _pending.TryRemove(blob, out _);
                slot.SetKnown();
                return id;
            }

            await PackAsync(blob, packer, plain, slot, cancellationToken).ConfigureAwait(false);
            if (packer != Content)
                _recent.Put(blob, plain);
            Interlocked.Increment(ref _blobsStored);
            _added.Count(kind, plain.Length);
            return id;
        }
        finally
        {
            _processing.Release();
        }
    }

    /// <summary>Splits a stream by content and stores the chunks. Memory is limited to a few chunks, whatever the length.</summary>
    public Task<SavedContent> SaveStreamAsync(Stream content, CancellationToken cancellationToken) =>
        SaveStreamAsync(content, null, cancellationToken);

    /// <summary>
    /// Like <see cref="SaveStreamAsync(Stream, CancellationToken)"/>, and reports each chunk as it is saved. A stream that begins where one
    /// of them ends is cut at the same places.
    /// </summary>
    /// <param name="content">The stream.</param>
    /// <param name="taken">Called for every chunk, one after another and in order. The bytes are valid during the call.</param>
    /// <param name="cancellationToken">Cancels the saving.</param>
    public Task<SavedContent> SaveStreamAsync(
        Stream content,
        Action<BlobId, ReadOnlyMemory<byte>>? taken,
        CancellationToken cancellationToken
    ) => _splitter.SaveAsync(content, taken, cancellationToken);

    /// <summary>
    /// Like <see cref="SaveStreamAsync(Stream, CancellationToken)"/>, for resumption state: stored in separate packs, which are few and
    /// quick to read.
    /// </summary>
    public Task<SavedContent> SaveStateAsync(Stream content, CancellationToken cancellationToken) =>
        _stateSplitter.SaveAsync(content, null, cancellationToken);

    /// <summary>Stores a tree; the nodes must be sorted by <see cref="TreeJson.NameOrder"/> and have distinct names.</summary>
    public async Task<BlobId> SaveTreeAsync(IEnumerable<Node> nodes, CancellationToken cancellationToken)
    {
        var list = nodes as IReadOnlyCollection<Node> ?? [.. nodes];
        using var json = new PooledBuffer();
        TreeJson.Write(json, list);
        var id = await SaveBlobAsync(BlobKind.Tree, json.Written, cancellationToken).ConfigureAwait(false);
        _added.Remember(id, list);
        return id;
    }

    /// <summary>The totals of a tree that this writer saved; false if it or a folder below it was written by another.</summary>
    public bool TryGetTotals(BlobId tree, out TreeTotals totals) => _added.TryGetTotals(tree, out totals);

    /// <summary>Makes everything that was saved before the call durable: open packs are uploaded, then the index is written.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        _uploader.ThrowIfFailed();
        foreach (var packer in _packers)
            await packer.CloseAsync(cancellationToken).ConfigureAwait(false);
        await _uploader.DrainAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Cancels uploads in progress. What was not flushed is not in the index; a later prune removes its packs.</summary>
    public async ValueTask DisposeAsync()
    {
        await _uploader.DisposeAsync().ConfigureAwait(false);
        foreach (var packer in _packers)
            packer.Dispose();
        foreach (var buffers in _buffers)
            buffers.Dispose();
        _processing.Dispose();
    }

    /// <summary>
    /// The plain bytes of a blob that was saved but is not in the index yet, or of a tree or state that was saved recently; or null. Must
    /// not be changed.
    /// </summary>
    public byte[]? ReadPending(BlobHandle wanted) =>
        _recent.Find(wanted)
        ?? (
            _pending.TryGetValue(wanted, out var slot) && slot.Copy() is var (stored, blob)
                ? BlobCodec.Open(_repository, stored, blob)
                : null
        );

    // A new blob is looked up in the unread part of the index only if there is more new data than reading would cost, and if that part is
    // small enough for the memory: until the next prune, chunks may be stored twice.
    private async Task<bool> IsKnownAsync(BlobHandle blob, int length, CancellationToken cancellationToken)
    {
        if (_index.Contains(blob))
            return true;
        if (
            !ReferenceEquals(_index, _repository.Index.Blobs)
            || _repository.Index.UnreadBytes == 0
            || _repository.Index.UnreadBytes > _maxUnreadIndex
            || Interlocked.Add(ref _unmatched, length) <= _repository.Index.UnreadBytes
        )
            return false;
        await _repository.Index.CompleteAsync(cancellationToken).ConfigureAwait(false);
        return _index.Contains(blob);
    }

    private async Task PackAsync(
        BlobHandle wanted,
        int packer,
        ReadOnlyMemory<byte> plain,
        PendingBlob slot,
        CancellationToken cancellationToken
    )
    {
        byte[]? compressed = null;
        try
        {
            var text = plain;
            if (Compression.IsWorthTrying(plain.Span))
            {
                compressed = ArrayPool<byte>.Shared.Rent(Compression.Bound(plain.Length));
                var length = _repository.Compression.Compress(plain.Span, compressed);

                // If nothing is gained, the plain text is stored: the type in the header shows which one it is.
                if (length < plain.Length)
                    text = compressed.AsMemory(0, length);
            }

            var (pack, blob) = await _packers[packer]
                .ReserveAsync(
                    wanted.Id,
                    wanted.Kind,
                    text.Length + CryptoKey.Overhead,
                    text.Equals(plain) ? 0 : plain.Length,
                    cancellationToken
                )
                .ConfigureAwait(false);
            Seal(text.Span, pack, blob);
            slot.SetPacked(pack, blob);
            if (packer != Content)
                Interlocked.Add(ref _treeBytes, text.Length);
        }
        catch (Exception exception)
        {
            _pending.TryRemove(wanted, out _);
            slot.SetFailed(exception);
            throw;
        }
        finally
        {
            if (compressed is not null)
                ArrayPool<byte>.Shared.Return(compressed);
        }
    }

    private void Seal(ReadOnlySpan<byte> text, PackBuilder pack, PackedBlob blob)
    {
        try
        {
            _repository.Key.Seal(text, pack.Place(blob));
        }
        catch (Exception exception)
        {
            // The place is reserved but empty: the pack must never be uploaded.
            _uploader.Fail(exception);
            throw;
        }
        finally
        {
            pack.SetFilled();
        }
    }

    private void Settle(BlobId id, PackBuilder pack)
    {
        _index.Add(id, pack.Blobs);
        foreach (var blob in pack.Blobs)
        {
            if (_pending.TryRemove(blob.Handle, out var slot))
                slot.SetStored();
        }
    }
}
