using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Repository.Locks;

/// <summary>The files below <c>locks/</c>, and which of them nobody renews any more.</summary>
internal sealed class LockShelf(ResticRepository repository, TimeProvider time)
{
    /// <summary>restic's figure (internal/repository/lock.go): an older lock is dead.</summary>
    public static readonly TimeSpan StaleAfter = TimeSpan.FromMinutes(30);

    public async IAsyncEnumerable<(BlobId Id, LockFile File)> ReadAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var ids = new List<BlobId>();
        await foreach (var id in repository.ListAsync(RepositoryFile.Lock, cancellationToken).ConfigureAwait(false))
            ids.Add(id);
        foreach (var gone in repository.KnownLocks.Keys.Except(ids).ToArray())
            repository.KnownLocks.TryRemove(gone, out _);
        foreach (var id in ids)
        {
            // A file never changes: its name is its hash. Many workers look at one another's locks often.
            if (!repository.KnownLocks.TryGetValue(id, out var file))
            {
                try
                {
                    repository.KnownLocks[id] = file = await repository.LoadFileAsync<LockFile>(RepositoryFile.Lock, id, cancellationToken).ConfigureAwait(false);
                }
                catch (StorageException exception) when (exception.Kind == StorageErrorKind.NotFound)
                {
                    continue; // Released between the listing and the look.
                }
            }

            yield return (id, file);
        }
    }

    public async Task<bool> ExistsAsync(BlobId id, CancellationToken cancellationToken) =>
        await repository.Store.StatAsync(RepositoryLayout.Key(RepositoryFile.Lock, id), cancellationToken).ConfigureAwait(false) is not null;

    public Task DeleteAsync(BlobId id, CancellationToken cancellationToken) =>
        repository.Store.DeleteAsync(RepositoryLayout.Key(RepositoryFile.Lock, id), cancellationToken);

    /// <summary>As in restic: too old, or of a process of this machine that does not exist any more.</summary>
    public bool IsStale(LockFile file)
    {
        if (time.GetUtcNow() - file.Taken >= StaleAfter)
            return true;
        if (file.Pid <= 0 || !string.Equals(file.Hostname, Environment.MachineName, StringComparison.OrdinalIgnoreCase))
            return false;
        try
        {
            using var process = System.Diagnostics.Process.GetProcessById(file.Pid);
            return process.HasExited;
        }
        catch (ArgumentException)
        {
            return true; // There is no such process.
        }
        catch (Exception exception) when (exception is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return false; // There is one, of somebody else.
        }
    }
}
