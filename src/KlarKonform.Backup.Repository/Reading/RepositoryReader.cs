using System.Buffers;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Packs;
using KlarKonform.Backup.Repository.Trees;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Repository.Reading;

/// <summary>Reads blobs, trees and files; every byte is authenticated and hashed before it is returned. Thread-safe.</summary>
public sealed class RepositoryReader
{
    private readonly ResticRepository _repository;
    private readonly IPendingBlobs? _writer;
    private readonly TreeCache? _trees;

    /// <summary>Reads from an opened repository whose index is loaded.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="writer">A writer whose unfinished packs should be visible too, or null.</param>
    /// <param name="treeCache">Caches trees locally, or null: a check that the repository is sound must not use a cache.</param>
    public RepositoryReader(ResticRepository repository, IPendingBlobs? writer = null, IObjectStore? treeCache = null)
    {
        _repository = repository;
        _writer = writer;
        _trees = treeCache is null ? null : new TreeCache(repository, treeCache);
    }

    /// <summary>A blob's plain bytes.</summary>
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.Missing"/> or
    /// <see cref="RepositoryErrorKind.Damaged"/>.</exception>
    public async Task<byte[]> ReadBlobAsync(BlobHandle wanted, CancellationToken cancellationToken)
    {
        // A blob moves from pending to indexed; looking in this order cannot miss it.
        if (_writer?.ReadPending(wanted) is { } pending)
            return pending;
        await _repository.Index.ContainsAsync(wanted, cancellationToken).ConfigureAwait(false);
        return await ReadBlobAsync(wanted, _repository.Index.Blobs, keep: null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads a blob from its location in a given index.</summary>
    internal Task<byte[]> ReadBlobAsync(BlobHandle wanted, Index.MasterIndex index, CancellationToken cancellationToken) =>
        ReadBlobAsync(wanted, index, keep: null, cancellationToken);

    private async Task<byte[]> ReadBlobAsync(
        BlobHandle wanted,
        Index.MasterIndex index,
        TreeCache? keep,
        CancellationToken cancellationToken
    )
    {
        if (!index.TryFind(wanted, out var pack, out var blob))
            throw NotInIndex(wanted);
        try
        {
            return await ReadAsync(pack, blob, keep, cancellationToken).ConfigureAwait(false);
        }
        catch (RepositoryException exception)
        {
            // Concurrent writers may have stored the blob twice: then one damaged pack loses nothing.
            foreach (var (otherPack, other) in index.FindCopies(wanted))
            {
                try
                {
                    return await ReadAsync(otherPack, other, keep, cancellationToken).ConfigureAwait(false);
                }
                catch (RepositoryException)
                {
                    // The first failure is the one to report, if no copy can be read.
                }
            }

            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(exception);
            throw;
        }
    }

    /// <summary>
    /// A blob's plain bytes from a given location, or null if they cannot be read there: damaged, or a bad sector of the disk.
    /// </summary>
    internal async Task<byte[]?> TryReadAsync(BlobId pack, PackedBlob blob, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadAsync(pack, blob, keep: null, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception)
            when (exception is RepositoryException or StorageException { Key: not null, Kind: StorageErrorKind.Other })
        {
            return null; // Concerns only this blob.
        }
    }

    private async Task<byte[]> ReadAsync(BlobId pack, PackedBlob blob, TreeCache? keep, CancellationToken cancellationToken)
    {
        var length = (int)blob.Length;
        var stored = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            await ReadRangeAsync(_repository, pack, blob.Offset, stored.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
            var plain = BlobCodec.Open(_repository, stored.AsSpan(0, length), blob);
            if (keep is not null)
                await keep.KeepAsync(blob, stored.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
            return plain;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(stored);
        }
    }

    internal static RepositoryException NotInIndex(BlobHandle blob) =>
        new(RepositoryErrorKind.Missing, $"The blob {blob} is not in the repository's index.");

    /// <summary>Fills the buffer with a pack's bytes.</summary>
    internal static async Task ReadRangeAsync(
        ResticRepository repository,
        BlobId pack,
        long offset,
        Memory<byte> target,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await using var stream = await repository
                .Store.OpenReadAsync(RepositoryLayout.Key(RepositoryFile.Data, pack), offset, target.Length, cancellationToken)
                .ConfigureAwait(false);
            await stream.ReadExactlyAsync(target, cancellationToken).ConfigureAwait(false);
        }
        catch (EndOfStreamException exception)
        {
            throw new RepositoryException(RepositoryErrorKind.Damaged, $"The pack {pack} is shorter than its index says.", exception);
        }
        catch (StorageException exception) when (exception.Kind == StorageErrorKind.NotFound)
        {
            throw new RepositoryException(
                RepositoryErrorKind.Missing,
                $"The pack {pack} is named by the index, but absent at the storage.",
                exception
            );
        }
    }

    /// <summary>A folder's nodes.</summary>
    /// <exception cref="RepositoryException">The tree is missing or damaged.</exception>
    public Task<List<Node>> ReadTreeAsync(BlobId id, CancellationToken cancellationToken) => ReadTreeAsync(id, null, cancellationToken);

    /// <summary>A folder's nodes, some of which may be unreadable: for callers that only look at them.</summary>
    /// <param name="id">The tree.</param>
    /// <param name="faults">Receives what cannot be read; if null, the first fault is an error.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="RepositoryException">The tree is missing or damaged as a whole.</exception>
    public async Task<List<Node>> ReadTreeAsync(BlobId id, ICollection<TreeFault>? faults, CancellationToken cancellationToken)
    {
        var tree = BlobHandle.Tree(id);
        if (_writer?.ReadPending(tree) is { } pending)
            return TreeJson.Read(pending, faults);
        await _repository.Index.ContainsAsync(tree, cancellationToken).ConfigureAwait(false);
        if (
            _trees is not null
            && _repository.Index.Blobs.TryFind(tree, out _, out var blob)
            && await _trees.FindAsync(blob, cancellationToken).ConfigureAwait(false) is { } kept
        )
            return TreeJson.Read(kept, faults);
        return TreeJson.Read(await ReadBlobAsync(tree, _repository.Index.Blobs, _trees, cancellationToken).ConfigureAwait(false), faults);
    }

    /// <summary>What a tree points to; from the storage itself, unless the reader has a cache.</summary>
    /// <exception cref="RepositoryException">It is missing or damaged.</exception>
    public Task<TreeLinks> ReadTreeLinksAsync(BlobId id, CancellationToken cancellationToken) =>
        ReadTreeLinksAsync(id, mustBeStored: false, cancellationToken);

    /// <summary>What a tree points to; from the storage itself, unless the reader has a cache.</summary>
    /// <param name="id">The tree.</param>
    /// <param name="mustBeStored">For checks that the repository is sound: a tree that the index does not list as stored then counts as
    /// missing, even if a cache or a retired pack still has it. A restore takes it from wherever it is.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="RepositoryException">It is missing or damaged.</exception>
    public async Task<TreeLinks> ReadTreeLinksAsync(BlobId id, bool mustBeStored, CancellationToken cancellationToken)
    {
        var tree = BlobHandle.Tree(id);
        if (mustBeStored)
            await ThrowUnlessStoredAsync(tree, cancellationToken).ConfigureAwait(false);
        await _repository.Index.ContainsAsync(tree, cancellationToken).ConfigureAwait(false);
        if (!_repository.Index.Blobs.TryFind(tree, out var pack, out var blob))
            throw NotInIndex(tree);

        if (_trees is not null && await _trees.FindAsync(blob, cancellationToken).ConfigureAwait(false) is { } kept)
            return TreeLinks.Read(kept);

        // A check reads thousands of trees per second; none of them is kept.
        var stored = ArrayPool<byte>.Shared.Rent((int)blob.Length);
        var plain = ArrayPool<byte>.Shared.Rent((int)blob.PlainLength);
        try
        {
            await ReadRangeAsync(_repository, pack, blob.Offset, stored.AsMemory(0, (int)blob.Length), cancellationToken)
                .ConfigureAwait(false);
            var json = plain.AsMemory(0, (int)blob.PlainLength);
            BlobCodec.Open(_repository, stored.AsSpan(0, (int)blob.Length), blob, json.Span);
            return TreeLinks.Read(json.Span);
        }
        catch (RepositoryException)
        {
            // Perhaps another pack has an intact copy.
            return TreeLinks.Read(await ReadBlobAsync(tree, cancellationToken).ConfigureAwait(false));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(stored);
            ArrayPool<byte>.Shared.Return(plain);
        }
    }

    /// <summary>
    /// Throws unless every program that knows the format finds the blob: a blob that is only in retired packs is not stored.
    /// </summary>
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.Missing"/>.</exception>
    internal async Task ThrowUnlessStoredAsync(BlobHandle blob, CancellationToken cancellationToken)
    {
        if (await _repository.Index.ContainsAsync(blob, cancellationToken).ConfigureAwait(false))
            return;
        throw _repository.Index.Blobs.TryFind(blob, out var pack, out _)
            ? new RepositoryException(
                RepositoryErrorKind.Missing,
                $"The blob {blob} lies in the pack {pack} alone, which is out of the index and waits to be deleted."
            )
            : NotInIndex(blob);
    }

    /// <summary>Writes a file's content to a stream.</summary>
    public async Task CopyContentAsync(Node node, Stream target, CancellationToken cancellationToken)
    {
        foreach (var id in node.Content ?? [])
            await target
                .WriteAsync(await ReadBlobAsync(BlobHandle.Data(id), cancellationToken).ConfigureAwait(false), cancellationToken)
                .ConfigureAwait(false);
    }

    /// <summary>The complete content of a small file.</summary>
    public async Task<byte[]> ReadContentAsync(Node node, CancellationToken cancellationToken)
    {
        using var memory = new MemoryStream();
        await CopyContentAsync(node, memory, cancellationToken).ConfigureAwait(false);
        return memory.ToArray();
    }
}
