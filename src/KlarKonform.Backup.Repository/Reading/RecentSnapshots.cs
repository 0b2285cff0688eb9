using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Snapshots;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Repository.Reading;

/// <summary>Finds the newest snapshots of an opened repository with few requests. Used once.</summary>
public sealed class RecentSnapshots(ResticRepository repository)
{
    private readonly List<BlobId> _unreadable = [];

    /// <summary>Snapshot files that were examined and whose content is damaged.</summary>
    public IReadOnlyList<BlobId> Unreadable => _unreadable;

    /// <summary>
    /// The newest snapshots, in no particular order: files are read by the time at which they were stored, newest first, until one is
    /// sufficient and no unread one can be newer. With a thousand snapshots this takes a listing and a few requests. Where the storage's
    /// times mean nothing, as in a copied repository or on a NAS whose clock was reset, all are read. A snapshot that another run replaces
    /// meanwhile is left out, and so is a damaged one: see <see cref="Unreadable"/>.
    /// </summary>
    /// <param name="isEnough">Tells whether older snapshots are of no interest.</param>
    /// <param name="known">A snapshot that existed when the caller last looked, or null: it is found wherever the storage's times place
    /// it.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.Doubtful"/>: the known one exists, but the listing lacks
    /// it.</exception>
    public async Task<IReadOnlyList<StoredSnapshot>> FindAsync(
        Func<Snapshot, bool> isEnough,
        BlobId? known,
        CancellationToken cancellationToken
    )
    {
        // Clocks of the storage and of the writers differ; an hour is more than TLS tolerates.
        var slack = TimeSpan.FromHours(1);
        const int atATime = 8;
        var files = new List<(BlobId Id, DateTimeOffset Stored)>();
        await foreach (
            var item in repository
                .Store.ListAsync(RepositoryLayout.Folder(RepositoryFile.Snapshot), cancellationToken)
                .ConfigureAwait(false)
        )
        {
            if (BlobId.TryParse(item.Name, out var id))
                files.Add((id, item.Modified ?? DateTimeOffset.MaxValue - slack));
        }

        if (known is { } expected && files.FindIndex(file => file.Id == expected) is var place)
        {
            if (place >= 0)
                files[place] = (expected, DateTimeOffset.MaxValue - slack);
            else if (
                await repository
                    .Store.StatAsync(RepositoryLayout.Key(RepositoryFile.Snapshot, expected), cancellationToken)
                    .ConfigureAwait(false)
                is not null
            )
                throw new RepositoryException(
                    RepositoryErrorKind.Doubtful,
                    $"The listing of snapshots lacks {expected.ToShortString()}, which is there. A listing that is short is "
                        + $"no ground to work on."
                );
        }

        files.Sort((left, right) => right.Stored.CompareTo(left.Stored));
        var timesCount = true;
        var found = new List<StoredSnapshot>();
        for (var next = 0; next < files.Count; next += atATime)
        {
            if (timesCount && found.Any(each => isEnough(each.Snapshot) && each.Snapshot.Taken >= files[next].Stored + slack))
                break;
            var batch = files.Skip(next).Take(atATime).ToArray();
            var loaded = await Task.WhenAll(batch.Select(file => LoadAsync(file.Id, cancellationToken))).ConfigureAwait(false);
            timesCount &= batch
                .Zip(loaded)
                .All(pair =>
                    pair.Second is null || pair.First.Stored.Year == 9999 || (pair.Second.Taken - pair.First.Stored).Duration() <= slack
                );
            found.AddRange(
                batch.Zip(loaded).Where(pair => pair.Second is not null).Select(pair => new StoredSnapshot(pair.First.Id, pair.Second!))
            );
        }

        return found;
    }

    private async Task<Snapshot?> LoadAsync(BlobId id, CancellationToken cancellationToken)
    {
        try
        {
            var snapshot = await repository.Files.LoadAsync<Snapshot>(RepositoryFile.Snapshot, id, cancellationToken).ConfigureAwait(false);
            return snapshot.Taken > DateTimeOffset.MinValue && snapshot.Root != default
                ? snapshot
                : throw new FormatException("A snapshot has no time or no tree.");
        }
        catch (StorageException exception) when (exception.Kind == StorageErrorKind.NotFound)
        {
            return null; // A checkpoint is removed once its successor is durable.
        }
        catch (Exception exception) when (exception is RepositoryException or FormatException)
        {
            lock (_unreadable)
                _unreadable.Add(id);
            return null;
        }
    }
}
