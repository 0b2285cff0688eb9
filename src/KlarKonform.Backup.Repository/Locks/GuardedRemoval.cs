using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Repository.Locks;

/// <summary>
/// Deletes files of a repository under an exclusive lock, and stops when its owner has slept and lost it. One delete may be under way when
/// the machine falls asleep, and be carried out when it wakes, in a repository that belongs to others by then. Of packs that harms nobody, if
/// the indexes that named them went before: who came later does not know them. An index is put back. Thread-safe.
/// </summary>
/// <param name="repository">The repository.</param>
/// <param name="exclusive">The lock.</param>
public sealed class GuardedRemoval(ResticRepository repository, RepositoryLock exclusive)
{
    /// <summary>Deletes a file.</summary>
    /// <param name="kind">Its kind. Indexes go before the packs that they name.</param>
    /// <param name="id">Its name.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="OperationCanceledException">The lock is lost. An index is there still.</exception>
    public async Task RemoveAsync(RepositoryFile kind, BlobId id, CancellationToken cancellationToken)
    {
        var key = RepositoryLayout.Key(kind, id);
        var content = kind == RepositoryFile.Index ? await ReadAsync(key, cancellationToken).ConfigureAwait(false) : null;
        await exclusive.ThrowIfSleptAsync().ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        await repository.Store.DeleteAsync(key, cancellationToken).ConfigureAwait(false);
        try
        {
            await exclusive.ThrowIfSleptAsync().ConfigureAwait(false);
        }
        catch (Exception exception) when (content is not null && exception is OperationCanceledException or StorageException)
        {
            // What it lists is at the storage still: nothing that it names goes before all indexes are gone.
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
