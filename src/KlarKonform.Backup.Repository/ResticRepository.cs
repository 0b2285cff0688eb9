using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text.Json;
using KlarKonform.Backup.Repository.Chunking;
using KlarKonform.Backup.Repository.Crypto;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Index;
using KlarKonform.Backup.Repository.Json;
using KlarKonform.Backup.Repository.Locks.Files;
using KlarKonform.Backup.Repository.Snapshots;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Repository;

/// <summary>
/// An opened repository in restic's format. Thread-safe. Reading needs <see cref="LoadIndexAsync"/> first; writing goes through
/// <see cref="Writing.RepositoryWriter"/>, under a <see cref="Locks.RepositoryLock"/>.
/// </summary>
public sealed class ResticRepository : IDisposable
{
    // What a run that changes little leaves, of either sort.
    private const int FewBlobs = IndexJson.MetadataBlobsPerIndex / 2;

    // Bytes per blob in a compressed index file: a hash, which cannot be compressed, and some digits.
    private const int BytesABlob = 40;

    // Up to this size an index is read completely; only beyond it is it worth reading less.
    private const long EagerIndexBytes = 8 << 20;

    // First byte of an index, snapshot or lock that is compressed; uncompressed JSON starts with '{' or '['.
    private const byte CompressedMark = 2;

    private readonly CryptoKey _key;
    private readonly System.Collections.Concurrent.ConcurrentDictionary<BlobId, bool> _indexFiles = new();
    private IndexBacklog? _backlog;

    private ResticRepository(IObjectStore store, RepositoryConfig config, CryptoKey key, BlobId keyId)
    {
        KeyId = keyId;
        Store = store;
        Config = config;
        _key = key;
        Chunker = new Chunker(Polynomial.Parse(config.ChunkerPolynomial));
    }

    /// <summary>Version, id and polynomial.</summary>
    public RepositoryConfig Config { get; }

    /// <summary>Where it is stored.</summary>
    public IObjectStore Store { get; }

    /// <summary>The location of every blob; empty until <see cref="LoadIndexAsync"/>.</summary>
    public MasterIndex Index { get; private set; } = new();

    /// <summary>
    /// The number of small index files that <see cref="LoadIndexAsync"/> or <see cref="OpenIndexAsync"/> found last. Every run adds some;
    /// <see cref="Repairing.IndexCompactor"/> merges them.
    /// </summary>
    public int SmallIndexFiles { get; private set; }

    /// <summary>The index files that <see cref="OpenIndexAsync"/> found.</summary>
    public FileSetDigest OpenedIndex { get; private set; }

    /// <summary>
    /// Index files that existed when the index was opened, or were written since: whether they still exist has to be checked.
    /// </summary>
    public IReadOnlyCollection<BlobId> IndexFilesSeen => [.. _indexFiles.Keys];

    /// <summary>Bytes of index files that have not been read yet; 0 if <see cref="Index"/> is complete.</summary>
    public long UnreadIndexBytes => _backlog?.Bytes ?? 0;

    internal CryptoKey Key => _key;

    /// <summary>What was seen below <c>locks/</c>.</summary>
    internal LockMemory KnownLocks { get; } = new();

    /// <summary>The key file that opened it.</summary>
    internal BlobId KeyId { get; }

    internal Chunker Chunker { get; }

    internal Compression Compression { get; } = new();

    /// <summary>Whether there is a repository at this location.</summary>
    public static async Task<bool> ExistsAsync(IObjectStore store, CancellationToken cancellationToken) =>
        await store.StatAsync(RepositoryLayout.Config, cancellationToken).ConfigureAwait(false) is not null;

    /// <summary>
    /// Creates a repository of version 2 with one key. If others create it at the same time, one of them does, and all open the same one.
    /// </summary>
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.AlreadyExists"/>, or what <see cref="OpenAsync"/>
    /// throws.</exception>
    public static Task<ResticRepository> InitializeAsync(
        IObjectStore store,
        string password,
        string userName,
        string hostName,
        TimeProvider time,
        CancellationToken cancellationToken
    ) => new RepositoryInitializer(store, password, userName, hostName, time).RunAsync(cancellationToken);

    // The config comes last: an interruption before it leaves a place that is not a repository yet. It is derived from the master key,
    // which is random: if several continue with the same left-over key, or its owner wakes up next to them, all write the same.
    internal static async Task<ResticRepository> CreateAsync(
        IObjectStore store,
        BlobId keyId,
        CryptoKey key,
        CancellationToken cancellationToken
    )
    {
        var config = new RepositoryConfig
        {
            Version = 2,
            Id = Convert.ToHexString(key.Derive("repository id")).ToLowerInvariant(),
            ChunkerPolynomial = Polynomial
                .Draw(turn => BinaryPrimitives.ReadUInt64LittleEndian(key.Derive($"chunker polynomial {turn}")))
                .ToString(),
        };
        var repository = new ResticRepository(store, config, key, keyId);
        await store
            .SaveAsync(RepositoryLayout.Config, repository.Seal(JsonSerializer.SerializeToUtf8Bytes(config)), cancellationToken)
            .ConfigureAwait(false);
        return repository;
    }

    /// <summary>Opens a repository with a password.</summary>
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.NotARepository"/>,
    /// <see cref="RepositoryErrorKind.WrongPassword"/>, <see cref="RepositoryErrorKind.UnsupportedVersion"/> or
    /// <see cref="RepositoryErrorKind.Damaged"/>.</exception>
    public static async Task<ResticRepository> OpenAsync(IObjectStore store, string password, CancellationToken cancellationToken)
    {
        if (!await ExistsAsync(store, cancellationToken).ConfigureAwait(false))
            throw new RepositoryException(RepositoryErrorKind.NotARepository, $"There is no repository at '{store.Location}'.");
        var stored = await store.ReadAllAsync(RepositoryLayout.Config, cancellationToken).ConfigureAwait(false);
        RepositoryException? damaged = null;
        await foreach (var (keyId, key) in RepositoryKeys.OpenAsync(store, password, cancellationToken).ConfigureAwait(false))
        {
            try
            {
                return new ResticRepository(store, RepositoryConfig.Read(stored, key), key, keyId);
            }
            catch (RepositoryException exception) when (exception.Kind == RepositoryErrorKind.Damaged)
            {
                // Perhaps the key of another process that wanted to create this repository too and is taking it back.
                key.Dispose();
                damaged ??= exception;
            }
            catch
            {
                key.Dispose();
                throw;
            }
        }

        throw damaged!; // If no key opens it, the enumeration has thrown.
    }

    /// <summary>Reads every index file. A repeated call sees what other writers have added since.</summary>
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.Damaged"/>: one of them cannot be read.</exception>
    public Task LoadIndexAsync(CancellationToken cancellationToken) => LoadReadableIndexAsync(null, cancellationToken);

    /// <summary>Reads every index file and skips damaged ones: for callers that determine the extent of the damage.</summary>
    /// <param name="damaged">Is told of each file that cannot be read; if null, the first of them is an error.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    public async Task LoadReadableIndexAsync(Action<BlobId, RepositoryException>? damaged, CancellationToken cancellationToken)
    {
        var index = new MasterIndex();
        var small = 0;
        await foreach (var (_, packs) in IndexFilesAsync(cancellationToken, damaged: damaged).ConfigureAwait(false))
        {
            if (packs.Sum(pack => pack.Blobs.Count) <= FewBlobs)
                small++;
            index.Add(packs);
        }

        Index = index;
        SmallIndexFiles = small;
        _backlog?.Dispose();
        _backlog = null;
    }

    /// <summary>
    /// Reads a small index completely, and a large one only as far as needed, file by file: a run with few changes needs to find trees and
    /// state, and hardly any of the files' own chunks.
    /// </summary>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <param name="eagerBytes">Up to this many bytes of index files are read completely.</param>
    public async Task OpenIndexAsync(CancellationToken cancellationToken, long eagerBytes = EagerIndexBytes)
    {
        var files = new List<(BlobId Id, long Size)>();
        await foreach (var item in Store.ListAsync(RepositoryLayout.Folder(RepositoryFile.Index), cancellationToken).ConfigureAwait(false))
        {
            if (BlobId.TryParse(item.Name, out var id))
                files.Add((id, item.Size));
        }

        foreach (var (id, _) in files)
            _indexFiles[id] = true;
        OpenedIndex = files.Aggregate(default(FileSetDigest), (census, file) => census.With(file.Id, file.Size));
        if (files.Sum(file => file.Size) <= eagerBytes)
        {
            await LoadIndexAsync(cancellationToken).ConfigureAwait(false);
            return;
        }

        var index = Index = new MasterIndex();
        SmallIndexFiles = files.Count(file => file.Size <= FewBlobs * BytesABlob);
        _backlog?.Dispose();
        _backlog = new IndexBacklog(
            files,
            async (id, token) =>
            {
                index.Add(await LoadFileAsync(RepositoryFile.Index, id, IndexJson.Read, token).ConfigureAwait(false));
            }
        );
    }

    /// <summary>Whether a blob is stored; reads as much of the index as that takes.</summary>
    public async Task<bool> ContainsAsync(BlobHandle blob, CancellationToken cancellationToken)
    {
        if (_backlog is { } backlog)
            await backlog.ReadUntilAsync(() => Index.Contains(blob), cancellationToken).ConfigureAwait(false);
        return Index.Contains(blob);
    }

    /// <summary>Reads the rest of the index.</summary>
    public Task CompleteIndexAsync(CancellationToken cancellationToken) =>
        _backlog?.ReadUntilAsync(() => false, cancellationToken) ?? Task.CompletedTask;

    /// <summary>Every snapshot with its id, in no particular order.</summary>
    public async IAsyncEnumerable<StoredSnapshot> SnapshotsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (
            var (file, snapshot) in LoadAllAsync(RepositoryFile.Snapshot, ReadJson<Snapshot>, long.MaxValue, null, cancellationToken)
                .ConfigureAwait(false)
        )
            yield return new StoredSnapshot(BlobId.Parse(file.Name), snapshot);
    }

    /// <summary>Stores a snapshot. Everything that it refers to must be durable already.</summary>
    public Task<BlobId> SaveSnapshotAsync(Snapshot snapshot, CancellationToken cancellationToken) =>
        SaveFileAsync(RepositoryFile.Snapshot, snapshot, cancellationToken);

    /// <summary>Deletes a snapshot; the blobs stay until a prune.</summary>
    public Task DeleteSnapshotAsync(BlobId id, CancellationToken cancellationToken) =>
        Store.DeleteAsync(RepositoryLayout.Key(RepositoryFile.Snapshot, id), cancellationToken);

    /// <summary>Compresses and seals bytes with the repository's key, for a cache elsewhere.</summary>
    public byte[] Protect(ReadOnlySpan<byte> plain)
    {
        var room = ArrayPool<byte>.Shared.Rent(Compression.Bound(plain.Length));
        try
        {
            return Seal(room.AsSpan(0, Compression.Compress(plain, room)));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(room);
        }
    }

    /// <summary>Opens what <see cref="Protect"/> sealed.</summary>
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.Damaged"/>: it was changed, or sealed with another
    /// key.</exception>
    public byte[] Unprotect(ReadOnlySpan<byte> sealedBytes)
    {
        var opened = new byte[sealedBytes.Length];
        return Compression.Decompress(opened.AsMemory(0, _key.Open(sealedBytes, opened))).ToArray();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _key.Dispose();
        _backlog?.Dispose();
        Compression.Dispose();
    }

    /// <summary>The packs of every index file, as listed in the file.</summary>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <param name="maxBlobs">Files that must contain more blobs than this, judging by their size, are skipped unread.</param>
    /// <param name="damaged">Is told of a file that cannot be read; if null, that is an error.</param>
    internal IAsyncEnumerable<(StoredObject File, List<PackContents> Packs)> IndexFilesAsync(
        CancellationToken cancellationToken,
        int maxBlobs = int.MaxValue,
        Action<BlobId, RepositoryException>? damaged = null
    ) => LoadAllAsync(RepositoryFile.Index, IndexJson.Read, (long)maxBlobs * BytesABlob * 3 / 2, damaged, cancellationToken);

    /// <summary>
    /// Writes index files for these packs, and returns which ones. Under a lock, this works like
    /// <see cref="Locks.RepositoryLock.SaveIndexAsync"/>.
    /// </summary>
    internal async Task<FileSetDigest> WriteIndexAsync(
        IEnumerable<PackContents> contents,
        CancellationToken cancellationToken,
        int blobsPerFile = IndexJson.BlobsPerIndex,
        IIndexGuard? held = null
    )
    {
        var packs = new List<PackContents>();
        var blobs = 0;
        var written = default(FileSetDigest);
        foreach (var pack in contents)
        {
            packs.Add(pack);
            if ((blobs += pack.Blobs.Count) < blobsPerFile)
                continue;
            await SaveAsync().ConfigureAwait(false);
            blobs = 0;
        }

        await SaveAsync().ConfigureAwait(false);
        return written;

        async Task SaveAsync()
        {
            if (packs.Count == 0)
                return;
            if (held is null)
                await WriteAsync().ConfigureAwait(false);
            else
                await held.SaveIndexAsync(WriteAsync, [.. packs.Select(pack => pack.Pack)]).ConfigureAwait(false);
            packs.Clear();
        }

        async Task<BlobId> WriteAsync()
        {
            var (id, size) = await SaveFileAsync(RepositoryFile.Index, file => IndexJson.Write(file, packs), cancellationToken)
                .ConfigureAwait(false);
            written = written.With(id, size);
            _indexFiles[id] = true;
            return id;
        }
    }

    internal async Task<BlobId> SaveFileAsync<T>(RepositoryFile kind, T value, CancellationToken cancellationToken) =>
        (
            await SaveFileAsync(kind, file => JsonSerializer.Serialize(file, value, GoJson.Options), cancellationToken)
                .ConfigureAwait(false)
        ).Id;

    // Compressed while being written: an index file has several megabytes, and a quarter of that compressed.
    private async Task<(BlobId Id, long Size)> SaveFileAsync(RepositoryFile kind, Action<Stream> write, CancellationToken cancellationToken)
    {
        var sealedFile = SealFile(write);
        var id = BlobId.Of(sealedFile);
        await Store.SaveAsync(RepositoryLayout.Key(kind, id), sealedFile, cancellationToken).ConfigureAwait(false);
        return (id, sealedFile.Length);
    }

    private byte[] SealFile(Action<Stream> write)
    {
        using var content = new PooledBuffer();
        using var file = new BufferStream(content);
        if (Config.Version >= 2)
        {
            file.WriteByte(CompressedMark);
            using var compressed = Compression.Into(file);
            write(compressed);
        }
        else
        {
            write(file);
        }

        return Seal(content.Written.Span);
    }

    internal Task<T> LoadFileAsync<T>(RepositoryFile kind, BlobId id, CancellationToken cancellationToken) =>
        LoadFileAsync(kind, id, ReadJson<T>, cancellationToken);

    internal async Task<T> LoadFileAsync<T>(RepositoryFile kind, BlobId id, JsonRead<T> read, CancellationToken cancellationToken)
    {
        var stored = await Store.ReadAllAsync(RepositoryLayout.Key(kind, id), cancellationToken).ConfigureAwait(false);
        if (BlobId.Of(stored) != id)
            throw new RepositoryException(
                RepositoryErrorKind.Damaged,
                $"The file {RepositoryLayout.Key(kind, id)} does not match its name."
            );
        var plain = new byte[stored.Length];
        ReadOnlyMemory<byte> text = plain.AsMemory(0, _key.Open(stored, plain));
        if (text.Length > 0 && text.Span[0] == CompressedMark)
            text = Compression.Decompress(text[1..]);
        try
        {
            return read(text.Span);
        }
        catch (JsonException exception)
        {
            throw new RepositoryException(
                RepositoryErrorKind.Damaged,
                $"The file {RepositoryLayout.Key(kind, id)} is not understood.",
                exception
            );
        }
    }

    private static T ReadJson<T>(ReadOnlySpan<byte> text) =>
        JsonSerializer.Deserialize<T>(text) ?? throw new JsonException("The file is empty.");

    internal async IAsyncEnumerable<BlobId> ListAsync(RepositoryFile kind, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var item in Store.ListAsync(RepositoryLayout.Folder(kind), cancellationToken).ConfigureAwait(false))
        {
            if (BlobId.TryParse(item.Name, out var id))
                yield return id;
        }
    }

    private async IAsyncEnumerable<(StoredObject File, T Content)> LoadAllAsync<T>(
        RepositoryFile kind,
        JsonRead<T> read,
        long maxSize,
        Action<BlobId, RepositoryException>? damaged,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        const int ahead = 8;
        var loading = new Queue<(StoredObject File, Task<T> Content)>();
        await foreach (var item in Store.ListAsync(RepositoryLayout.Folder(kind), cancellationToken).ConfigureAwait(false))
        {
            if (item.Size > maxSize || !BlobId.TryParse(item.Name, out var id))
                continue;
            loading.Enqueue((item, LoadFileAsync(kind, id, read, cancellationToken)));
            if (loading.Count < ahead)
                continue;
            if (await EndAsync(loading.Dequeue()).ConfigureAwait(false) is { } first)
                yield return first;
        }

        while (loading.TryDequeue(out var next))
        {
            if (await EndAsync(next).ConfigureAwait(false) is { } last)
                yield return last;
        }

        async Task<(StoredObject File, T Content)?> EndAsync((StoredObject File, Task<T> Content) one)
        {
            try
            {
                return (one.File, await one.Content.ConfigureAwait(false));
            }
            catch (RepositoryException exception) when (damaged is not null)
            {
                damaged(BlobId.Parse(one.File.Name), exception);
                return null;
            }
        }
    }

    internal delegate T JsonRead<out T>(ReadOnlySpan<byte> text);

    private byte[] Seal(ReadOnlySpan<byte> plain)
    {
        var target = new byte[plain.Length + CryptoKey.Overhead];
        _key.Seal(plain, target);
        return target;
    }
}
