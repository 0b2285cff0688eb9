using KlarKonform.Backup.Repository.Index;
using KlarKonform.Backup.Repository.Locks;

namespace KlarKonform.Backup.Repository.Repairing;

/// <summary>Merges the small index files that runs leave behind, so that a machine without a cache opens the repository with few requests.</summary>
public sealed class IndexCompactor
{
    private readonly ResticRepository _repository;
    private readonly RepositoryLock _lock;

    /// <summary>Works on an opened repository of version 2, under an exclusive lock: a reader must not find a file gone that it has just listed.</summary>
    /// <exception cref="ArgumentException">The lock is shared.</exception>
    public IndexCompactor(ResticRepository repository, RepositoryLock exclusive)
    {
        if (!exclusive.IsExclusive)
            throw new ArgumentException("Compacting the index needs an exclusive lock.", nameof(exclusive));
        _repository = repository;
        _lock = exclusive;
    }

    /// <summary>Writes what the small files list into as few as possible, and only then removes them. A cut leaves both, which is valid.</summary>
    public async Task CompactAsync(CancellationToken cancellationToken)
    {
        using var alive = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _lock.Lost);
        var small = new Dictionary<BlobId, IReadOnlyCollection<BlobId>>();
        var (content, metadata) = (new Dictionary<BlobId, PackContents>(), new Dictionary<BlobId, PackContents>());
        await foreach (var (id, contents) in _repository.IndexFilesAsync(alive.Token, ResticRepository.BlobsPerIndex / 2).ConfigureAwait(false))
        {
            var isMetadata = PackContents.AreMetadata(contents);
            if (contents.Sum(pack => pack.Blobs.Count) > (isMetadata ? ResticRepository.MetadataBlobsPerIndex : ResticRepository.BlobsPerIndex) / 2)
                continue;
            small[id] = [.. contents.Select(each => each.Pack)];
            foreach (var pack in contents)
                (isMetadata ? metadata : content)[pack.Pack] = pack;
        }

        if (small.Count < 2)
            return;
        await _repository.WriteIndexAsync(content.Values, alive.Token, held: _lock).ConfigureAwait(false);
        await _repository.WriteIndexAsync(metadata.Values, alive.Token, ResticRepository.MetadataBlobsPerIndex, _lock).ConfigureAwait(false);
        foreach (var (id, packs) in small)
            await new GuardedRemoval(_repository, _lock).RemoveIndexAsync(id, packs, alive.Token).ConfigureAwait(false);
    }
}
