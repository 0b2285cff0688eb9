using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text.Json;
using KlarKonform.Backup.Repository.Chunking;
using KlarKonform.Backup.Repository.Crypto;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Locks.Files;
using KlarKonform.Backup.Repository.Snapshots;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Repository;

/// <summary>
/// An opened repository in restic's format. Thread-safe. Reading needs its <see cref="Index"/> opened first; writing goes through
/// <see cref="Writing.RepositoryWriter"/>, under a <see cref="Locks.RepositoryLock"/>.
/// </summary>
public sealed class ResticRepository : IDisposable
{
    private readonly CryptoKey _key;

    private ResticRepository(IObjectStore store, RepositoryConfig config, CryptoKey key, BlobId keyId)
    {
        KeyId = keyId;
        Store = store;
        Config = config;
        _key = key;
        Chunker = new Chunker(Polynomial.Parse(config.ChunkerPolynomial));
        Files = new RepositoryFiles(store, config, key);
        Index = new RepositoryIndex(Files);
    }

    /// <summary>Version, id and polynomial.</summary>
    public RepositoryConfig Config { get; }

    /// <summary>Where it is stored.</summary>
    public IObjectStore Store { get; }

    /// <summary>Which blobs are stored, and where.</summary>
    public RepositoryIndex Index { get; }

    /// <summary>The encrypted files below <c>index/</c>, <c>snapshots/</c> and <c>locks/</c>.</summary>
    internal RepositoryFiles Files { get; }

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
            .SaveAsync(RepositoryLayout.Config, key.Seal(JsonSerializer.SerializeToUtf8Bytes(config)), cancellationToken)
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

    /// <summary>Every snapshot with its id, in no particular order.</summary>
    public async IAsyncEnumerable<StoredSnapshot> SnapshotsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (
            var (file, snapshot) in Files.LoadAllAsync<Snapshot>(RepositoryFile.Snapshot, cancellationToken).ConfigureAwait(false)
        )
            yield return new StoredSnapshot(file.Id, snapshot);
    }

    /// <summary>Stores a snapshot. Everything that it refers to must be durable already.</summary>
    public Task<BlobId> SaveSnapshotAsync(Snapshot snapshot, CancellationToken cancellationToken) =>
        Files.SaveAsync(RepositoryFile.Snapshot, snapshot, cancellationToken);

    /// <summary>Deletes a snapshot; the blobs stay until a prune.</summary>
    public Task DeleteSnapshotAsync(BlobId id, CancellationToken cancellationToken) =>
        Store.DeleteAsync(RepositoryLayout.Key(RepositoryFile.Snapshot, id), cancellationToken);

    /// <summary>Compresses and seals bytes with the repository's key, for a cache elsewhere.</summary>
    public byte[] Protect(ReadOnlySpan<byte> plain)
    {
        var room = ArrayPool<byte>.Shared.Rent(Compression.Bound(plain.Length));
        try
        {
            return _key.Seal(room.AsSpan(0, Compression.Compress(plain, room)));
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
        Index.Dispose();
        Compression.Dispose();
    }
}
