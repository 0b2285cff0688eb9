using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Repository.Snapshots;

/// <summary>Finds the newest snapshots of an opened repository with few requests.</summary>
public sealed class RecentSnapshots(ResticRepository repository)
{
    /// <summary>
    /// The newest snapshots, in no certain order: files are read by the time at which they were stored, newest first, until one is found
    /// that is enough and that no unread one can be newer than. A thousand snapshots cost a listing and a few requests. Where the
    /// storage's times say nothing, as in a copied repository, all are read. One that another run replaces meanwhile is left out.
    /// </summary>
    /// <param name="isEnough">Whether older snapshots are of no interest.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<IReadOnlyList<(BlobId Id, Snapshot Snapshot)>> FindAsync(Func<Snapshot, bool> isEnough, CancellationToken cancellationToken)
    {
        // Clocks of the storage and of those who write differ; an hour is more than TLS lets them.
        var slack = TimeSpan.FromHours(1);
        const int atATime = 8;
        var files = new List<(BlobId Id, DateTimeOffset Stored)>();
        await foreach (var item in repository.Store.ListAsync(RepositoryLayout.Folder(RepositoryFile.Snapshot), cancellationToken).ConfigureAwait(false))
        {
            if (BlobId.TryParse(item.Name, out var id))
                files.Add((id, item.Modified ?? DateTimeOffset.MaxValue - slack));
        }

        files.Sort((left, right) => right.Stored.CompareTo(left.Stored));
        var found = new List<(BlobId Id, Snapshot Snapshot)>();
        for (var next = 0; next < files.Count; next += atATime)
        {
            if (found.Any(each => isEnough(each.Snapshot) && each.Snapshot.Taken >= files[next].Stored + slack))
                break;
            var batch = files.Skip(next).Take(atATime).ToArray();
            var loaded = await Task.WhenAll(batch.Select(file => LoadAsync(file.Id, cancellationToken))).ConfigureAwait(false);
            found.AddRange(batch.Zip(loaded).Where(pair => pair.Second is not null).Select(pair => (pair.First.Id, pair.Second!)));
        }

        return found;
    }

    private async Task<Snapshot?> LoadAsync(BlobId id, CancellationToken cancellationToken)
    {
        try
        {
            return await repository.LoadFileAsync<Snapshot>(RepositoryFile.Snapshot, id, cancellationToken).ConfigureAwait(false);
        }
        catch (StorageException exception) when (exception.Kind == StorageErrorKind.NotFound)
        {
            return null; // A checkpoint goes when its successor is durable.
        }
    }
}
