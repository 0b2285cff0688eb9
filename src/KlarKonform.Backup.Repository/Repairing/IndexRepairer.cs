using KlarKonform.Backup.Repository.Index;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Packs;

namespace KlarKonform.Backup.Repository.Repairing;

/// <summary>Builds the index anew from the packs' own headers, for a repository whose index is lost or wrong. Packs are not touched.</summary>
public sealed class IndexRepairer
{
    private readonly ResticRepository _repository;
    private readonly RepositoryLock _lock;

    /// <summary>Works on an opened repository, under an exclusive lock.</summary>
    /// <exception cref="ArgumentException">The lock is shared.</exception>
    public IndexRepairer(ResticRepository repository, RepositoryLock exclusive)
    {
        if (!exclusive.IsExclusive)
            throw new ArgumentException("Repairing needs an exclusive lock.", nameof(exclusive));
        _repository = repository;
        _lock = exclusive;
    }

    /// <summary>Reads every pack's header, writes a new index, and only then removes the old one.</summary>
    /// <returns>Packs whose header cannot be read; what they hold is not in the index any more.</returns>
    public async Task<IReadOnlyList<BlobId>> RebuildAsync(CancellationToken cancellationToken)
    {
        using var alive = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _lock.Lost);
        var old = new List<BlobId>();
        await foreach (var id in _repository.ListAsync(RepositoryFile.Index, alive.Token).ConfigureAwait(false))
            old.Add(id);

        var contents = new List<PackContents>();
        var unreadable = new List<BlobId>();
        await foreach (var item in _repository.Store.ListAsync(RepositoryLayout.Folder(RepositoryFile.Data), alive.Token).ConfigureAwait(false))
        {
            if (!BlobId.TryParse(item.Name, out var id))
                continue;
            try
            {
                var blobs = await PackReader.ReadHeaderAsync(_repository, item, alive.Token).ConfigureAwait(false);

                // A pack that was cut short has a header only by accident; its blobs must fill it to the byte.
                if (blobs.Sum(blob => (long)blob.Length) + PackHeader.SizeOf(blobs) == item.Size)
                    contents.Add(new PackContents(id, blobs));
                else
                    unreadable.Add(id);
            }
            catch (RepositoryException)
            {
                unreadable.Add(id);
            }
        }

        await _repository.WriteIndexAsync(contents, alive.Token, held: _lock).ConfigureAwait(false);
        foreach (var id in old)
            await new GuardedRemoval(_repository, _lock).RemoveIndexAsync(id, packs: null, alive.Token).ConfigureAwait(false);
        await _repository.LoadIndexAsync(alive.Token).ConfigureAwait(false);
        return unreadable;
    }
}
