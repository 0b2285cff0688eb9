using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Index;
using KlarKonform.Backup.Repository.Locks;

namespace KlarKonform.Backup.Repository.Repairing;

/// <summary>
/// Merges the small index files that runs leave behind, so that a machine without a cache opens the repository with few requests.
/// </summary>
public sealed class IndexCompactor
{
    private readonly ResticRepository _repository;
    private readonly RepositoryLock _lock;

    /// <summary>
    /// Works on an opened repository of version 2, under an exclusive lock: a file that a reader has just listed must not vanish.
    /// </summary>
    /// <exception cref="ArgumentException">The lock is shared.</exception>
    public IndexCompactor(ResticRepository repository, RepositoryLock exclusive)
    {
        if (!exclusive.IsExclusive)
            throw new ArgumentException("Compacting the index needs an exclusive lock.", nameof(exclusive));
        _repository = repository;
        _lock = exclusive;
    }

    /// <summary>
    /// Writes the contents of the small files into as few files as possible, and only then removes them. An interruption leaves both, which
    /// is valid.
    /// </summary>
    /// <returns>The index files that were removed, and those that replaced them.</returns>
    public async Task<(FileSetDigest Removed, FileSetDigest Written)> CompactAsync(CancellationToken cancellationToken)
    {
        using var alive = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _lock.Lost);
        var small = new List<(ListedFile File, IReadOnlyCollection<BlobId> Packs)>();
        var (content, metadata) = (new Dictionary<BlobId, PackContents>(), new Dictionary<BlobId, PackContents>());
        await foreach (
            var (file, contents) in _repository.Index.SmallFilesAsync(IndexJson.BlobsPerIndex / 2, alive.Token).ConfigureAwait(false)
        )
        {
            var isMetadata = PackContents.AreMetadata(contents);
            if (contents.Sum(pack => pack.Blobs.Count) > (isMetadata ? IndexJson.MetadataBlobsPerIndex : IndexJson.BlobsPerIndex) / 2)
                continue;
            small.Add((file, [.. contents.Select(each => each.Pack)]));
            foreach (var pack in contents)
            {
                // A pack that is in use in one file and retired in another counts as in use.
                var packs = isMetadata ? metadata : content;
                if (pack.Retired is null || !packs.TryGetValue(pack.Pack, out var other) || other.Retired is not null)
                    packs[pack.Pack] = pack;
            }
        }

        if (small.Count < 2)
            return default;
        var written = (
            await _repository.Index.WriteAsync(content.Values, _lock, IndexJson.BlobsPerIndex, alive.Token).ConfigureAwait(false)
        ).With(
            await _repository.Index.WriteAsync(metadata.Values, _lock, IndexJson.MetadataBlobsPerIndex, alive.Token).ConfigureAwait(false)
        );
        await _lock.ThrowIfLostAsync().ConfigureAwait(false);
        foreach (var (file, packs) in small)
            await new GuardedRemoval(_repository, _lock).RemoveIndexAsync(file.Id, packs, alive.Token).ConfigureAwait(false);
        return (small.Aggregate(default(FileSetDigest), (census, each) => census.With(each.File.Id, each.File.Size)), written);
    }
}
