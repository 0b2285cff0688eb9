using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Locks.Files;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Repository.Locks;

/// <summary>The files below <c>locks/</c>. Thread-safe.</summary>
internal sealed class LockDirectory(ResticRepository repository, TimeProvider time)
{
    // A lock takes some hundred bytes. A larger file is not a lock.
    private const int MaxBytes = 64 << 10;

    /// <summary>Every file that exists now, including unreadable and empty ones.</summary>
    public async Task<IReadOnlyList<SeenLock>> ReadAsync(CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        var listed = new List<(BlobId Id, long Size, DateTimeOffset? Stored)>();
        await foreach (
            var item in repository.Store.ListAsync(RepositoryLayout.Folder(RepositoryFile.Lock), cancellationToken).ConfigureAwait(false)
        )
        {
            if (BlobId.TryParse(item.Name, out var id))
                listed.Add((id, item.Size, item.Modified));
        }

        var locks = new List<SeenLock>();
        foreach (var seen in repository.KnownLocks.Note(listed, began))
        {
            if (await WithContentAsync(seen, cancellationToken).ConfigureAwait(false) is { } each)
                locks.Add(each);
        }

        return locks;
    }

    public async Task<bool> ExistsAsync(BlobId id, CancellationToken cancellationToken) =>
        await repository.Store.StatAsync(RepositoryLayout.Key(RepositoryFile.Lock, id), cancellationToken).ConfigureAwait(false)
            is not null;

    public Task DeleteAsync(BlobId id, CancellationToken cancellationToken) =>
        repository.Store.DeleteAsync(RepositoryLayout.Key(RepositoryFile.Lock, id), cancellationToken);

    // Many workers look at each other's locks often; an unreadable one is tried again.
    private async Task<SeenLock?> WithContentAsync(SeenLock seen, CancellationToken cancellationToken)
    {
        if (seen.IsEmpty || seen.File is not null)
            return seen;
        if (seen.Size > MaxBytes)
            return seen with { Fault = $"The file {RepositoryLayout.Key(RepositoryFile.Lock, seen.Id)} is too large for a lock." };
        try
        {
            var read = seen with
            {
                File = await repository.Files.LoadAsync<LockFile>(RepositoryFile.Lock, seen.Id, cancellationToken).ConfigureAwait(false),
            };
            _ = read.File.ToHolder(); // Its times must be valid.
            repository.KnownLocks.Keep(seen, read);
            return read;
        }
        catch (StorageException exception) when (exception.Kind == StorageErrorKind.NotFound)
        {
            return null; // Released between the listing and the look.
        }
        catch (Exception exception)
            when (exception is FormatException or ArgumentException or RepositoryException { Kind: RepositoryErrorKind.Damaged })
        {
            return seen with { Fault = exception.Message };
        }
    }
}
