using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Repository.Locks;

/// <summary>
/// Deletes files of a repository under an exclusive lock, and stops if its owner has slept and lost it. One delete may be in progress when
/// the machine falls asleep, and be carried out when it wakes, in a repository that belongs to others by then. For packs this does no harm
/// if the indexes that named them were removed before: later programs do not know them. An index is put back if the packs it names exist.
/// Thread-safe.
/// </summary>
/// <param name="repository">The repository.</param>
/// <param name="exclusive">The lock.</param>
public sealed class GuardedRemoval(ResticRepository repository, RepositoryLock exclusive)
{
    /// <summary>Deletes a snapshot or a pack; the indexes that name the pack must be gone.</summary>
    /// <exception cref="OperationCanceledException">The lock is lost.</exception>
    public async Task RemoveAsync(RepositoryFile kind, BlobId id, CancellationToken cancellationToken)
    {
        await exclusive.ThrowIfSleptAsync().ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        await repository.Store.DeleteAsync(RepositoryLayout.Key(kind, id), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Deletes an index file whose successor is durable.</summary>
    /// <param name="id">Its name.</param>
    /// <param name="packs">The packs that it names; null if it cannot be read.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="OperationCanceledException">The lock is lost, and the index still exists, unless packs that it names are
    /// gone.</exception>
    public async Task RemoveIndexAsync(BlobId id, IReadOnlyCollection<BlobId>? packs, CancellationToken cancellationToken)
    {
        var key = RepositoryLayout.Key(RepositoryFile.Index, id);
        var content = packs is null ? null : await ReadAsync(key, cancellationToken).ConfigureAwait(false);
        await RemoveAsync(RepositoryFile.Index, id, cancellationToken).ConfigureAwait(false);
        try
        {
            await exclusive.ThrowIfSleptAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (content is not null)
        {
            // Another program may have read it, and rely on packs that its successor does not name.
            if (await exclusive.MayStandAsync(packs!).ConfigureAwait(false))
                await repository.Store.SaveAsync(key, content, CancellationToken.None).ConfigureAwait(false);
            throw;
        }
    }

    private async Task<byte[]?> ReadAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            return await repository.Store.ReadAllAsync(key, cancellationToken).ConfigureAwait(false);
        }
        catch (StorageException exception) when (exception.Kind == StorageErrorKind.NotFound)
        {
            return null;
        }
    }
}
