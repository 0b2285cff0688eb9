using System.Collections.Concurrent;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Index;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Repository.Writing;

/// <summary>Sends filled packs to the storage and lists them in index files, in this order. Thread-safe.</summary>
internal sealed class PackUploader : IAsyncDisposable
{
    // An index file is written after this many packs (about 4 GiB), so that an interruption loses little of what was uploaded.
    private const int PacksPerIndex = 256;

    private readonly ResticRepository _repository;
    private readonly Locks.RepositoryLock? _held;
    private readonly Action<BlobId, PackBuilder> _stored;
    private readonly SemaphoreSlim _slots;
    private readonly AsyncLock _indexing = new();
    private readonly ConcurrentDictionary<Task, bool> _running = new();
    private readonly object _gate = new();
    private readonly Unindexed _content = new(PacksPerIndex, IndexJson.BlobsPerIndex);
    private readonly Unindexed _metadata = new(PacksPerIndex, IndexJson.MetadataBlobsPerIndex);
    private readonly CancellationTokenSource _stop = new();
    private Exception? _failure;
    private readonly ConcurrentDictionary<BlobId, long> _uploaded = new();
    private FileSetDigest _indexes;
    private long _bytes;

    /// <param name="repository">Where the packs go.</param>
    /// <param name="parallel">Number of concurrent uploads.</param>
    /// <param name="stored">Called when a pack is durable, before its buffer is reused.</param>
    /// <param name="held">The lock that protects the writing, or null.</param>
    public PackUploader(ResticRepository repository, int parallel, Action<BlobId, PackBuilder> stored, Locks.RepositoryLock? held)
    {
        _repository = repository;
        _held = held;
        _stored = stored;
        _slots = new SemaphoreSlim(parallel);
    }

    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>The packs that are durable, with their sizes in bytes.</summary>
    public IReadOnlyDictionary<BlobId, long> Uploaded => _uploaded;

    /// <summary>Which packs and index files are durable.</summary>
    public FileSetDigest Files
    {
        get
        {
            lock (_gate)
                return _uploaded.Aggregate(_indexes, (census, pack) => census.With(pack.Key, pack.Value));
        }
    }

    /// <summary>
    /// Starts the upload of a closed pack. It is registered when the call returns, so that <see cref="DrainAsync"/> cannot miss it.
    /// </summary>
    public void Start(PackBuilder pack)
    {
        var upload = Task.Run(() => UploadAsync(pack), CancellationToken.None);
        _running[upload] = true;
        _ = upload.ContinueWith(
            done => _running.TryRemove(done, out _),
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default
        );
    }

    /// <summary>Waits for the uploads that were started and writes the index of packs that are not in one yet.</summary>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(_running.Keys.ToArray()).WaitAsync(cancellationToken).ConfigureAwait(false);
        ThrowIfFailed();
        await WriteIndexAsync(_content, onlyFull: false, cancellationToken).ConfigureAwait(false);
        await WriteIndexAsync(_metadata, onlyFull: false, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>After a failure no more packs are uploaded, and every caller gets the error.</summary>
    public void Fail(Exception exception) => Interlocked.CompareExchange(ref _failure, exception, null);

    public void ThrowIfFailed()
    {
        if (_failure is { } failure)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        while (_running.Keys.ToArray() is { Length: > 0 } running)
            await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
        _slots.Dispose();
        _indexing.Dispose();
    }

    private async Task UploadAsync(PackBuilder pack)
    {
        var holdsSlot = false;
        try
        {
            await pack.Filled.ConfigureAwait(false);
            await _slots.WaitAsync(_stop.Token).ConfigureAwait(false);
            holdsSlot = true;
            ThrowIfFailed();
            var content = pack.Finish(_repository.Key);
            var id = BlobId.Of(content.Span);
            await _repository.Store.SaveAsync(RepositoryLayout.Key(RepositoryFile.Data, id), content, _stop.Token).ConfigureAwait(false);
            Interlocked.Add(ref _bytes, content.Length);
            _uploaded[id] = content.Length;
            _stored(id, pack);
            var list = pack.IsMetadata ? _metadata : _content;
            bool writeIndex;
            lock (_gate)
            {
                list.Add(new PackContents(id, pack.Blobs));
                writeIndex = list.IsFull;
            }

            if (writeIndex)
                await WriteIndexAsync(list, onlyFull: true, _stop.Token).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // Reported by the next call of any caller: the writer can no longer be used.
            Fail(exception);
        }
        finally
        {
            if (holdsSlot)
                _slots.Release();
            pack.ReturnBuffer();
        }
    }

    private async Task WriteIndexAsync(Unindexed list, bool onlyFull, CancellationToken cancellationToken)
    {
        using var turn = await _indexing.EnterAsync(cancellationToken).ConfigureAwait(false);
        PackContents[] packs;
        lock (_gate)
        {
            // Another thread may have written it while this one waited.
            packs = onlyFull && !list.IsFull ? [] : [.. list.Packs];
        }

        if (packs.Length == 0)
            return;
        var written = await _repository.Index.WriteAsync(packs, _held, list.BlobsPerFile, cancellationToken).ConfigureAwait(false);
        lock (_gate)
        {
            _indexes = _indexes.With(written);
            list.RemoveFirst(packs.Length);
        }
    }

    // Packs at the storage that no index file lists yet. Guarded by the gate.
    private sealed class Unindexed(int maxPacks, int maxBlobs)
    {
        private readonly List<PackContents> _packs = [];
        private int _blobs;

        public int BlobsPerFile => maxBlobs;

        public IReadOnlyList<PackContents> Packs => _packs;

        public bool IsFull => _packs.Count >= maxPacks || _blobs >= maxBlobs;

        public void Add(PackContents pack)
        {
            _packs.Add(pack);
            _blobs += pack.Blobs.Count;
        }

        public void RemoveFirst(int count)
        {
            _blobs -= _packs.Take(count).Sum(pack => pack.Blobs.Count);
            _packs.RemoveRange(0, count);
        }
    }
}
