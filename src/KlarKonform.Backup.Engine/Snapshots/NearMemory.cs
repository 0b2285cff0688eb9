using System.Text;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Engine.Snapshots;

/// <summary>
/// What this machine remembers of a repository: short texts in the cache, sealed with the repository's key. They save work, or record what
/// the storage lost; they may vanish at any moment, and another machine has none. Thread-safe.
/// </summary>
internal sealed class NearMemory(BackupRepository session)
{
    /// <summary>A text, or null.</summary>
    public async Task<string?> FindAsync(string key, CancellationToken cancellationToken)
    {
        if (session.Memory is not { } cache)
            return null;
        try
        {
            return Encoding.UTF8.GetString(session.Repository.Unprotect(await cache.ReadAllAsync(key, cancellationToken)));
        }
        catch (Exception exception) when (exception is StorageException or IOException or RepositoryException)
        {
            return null; // Missing, damaged, or from another repository.
        }
    }

    /// <summary>Stores a text; null removes it.</summary>
    public async Task SaveAsync(string key, string? text, CancellationToken cancellationToken)
    {
        if (session.Memory is not { } cache)
            return;
        try
        {
            if (text is null)
                await cache.DeleteAsync(key, cancellationToken);
            else
                await cache.SaveAsync(key, session.Repository.Protect(Encoding.UTF8.GetBytes(text)), cancellationToken);
        }
        catch (StorageException)
        {
            // Disk full, missing or no permission: nothing depends on it.
        }
    }
}
