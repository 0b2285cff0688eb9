using KlarKonform.Backup.Repository.Format;

namespace KlarKonform.Backup.Repository.Index;

/// <summary>Under what index files are written: a lock that takes a file back which was written after the lock was lost.</summary>
public interface IIndexGuard
{
    /// <summary>Saves an index file.</summary>
    /// <param name="save">Saves it and returns its id.</param>
    /// <param name="packs">The packs that it names.</param>
    /// <exception cref="OperationCanceledException">The lock is lost, and there is no such file.</exception>
    Task SaveIndexAsync(Func<Task<BlobId>> save, IReadOnlyCollection<BlobId> packs);
}
