using System.Security.Cryptography;
using KlarKonform.Backup.Repository.Crypto;
using KlarKonform.Backup.Repository.Keys;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Repository;

/// <summary>
/// Creates a repository where several may do so at the same moment, on storage that knows no locks. Two key files of different master keys
/// must never stay side by side: both would open with the password, and one would not fit the config. So each writes its key, looks, and
/// takes it back when it is not alone; who is alone writes the config. Needs storage that lists what was written before. Used once.
/// </summary>
internal sealed class RepositoryInitializer(IObjectStore store, string password, string userName, string hostName, TimeProvider time)
{
    // Between key and config lie some requests. A key that stands alone for longer was left by a cut.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(250);

    /// <summary>Creates the repository, or opens the one that somebody else created meanwhile.</summary>
    public async Task<ResticRepository> RunAsync(CancellationToken cancellationToken)
    {
        if (await ResticRepository.ExistsAsync(store, cancellationToken).ConfigureAwait(false))
            throw new RepositoryException(RepositoryErrorKind.AlreadyExists, $"There is a repository at '{store.Location}' already.");

        await ThrowIfContentIsThereAsync(cancellationToken).ConfigureAwait(false);

        // Alone in all likelihood. A left key that another password opens must not get company: nothing is written beside it.
        var isFirstLook = true;
        for (var seen = (Key: default(BlobId), Since: time.GetTimestamp()); ; isFirstLook = false)
        {
            if (!isFirstLook && await ResticRepository.ExistsAsync(store, cancellationToken).ConfigureAwait(false))
                return await ResticRepository.OpenAsync(store, password, cancellationToken).ConfigureAwait(false);
            var keys = await KeysAsync(cancellationToken).ConfigureAwait(false);
            if (keys.Count == 0)
            {
                if (await TryAloneAsync(cancellationToken).ConfigureAwait(false) is { } created)
                    return created;
                await Task.Delay(s_look * (1 + RandomNumberGenerator.GetInt32(5)), time, cancellationToken).ConfigureAwait(false);
                continue;
            }

            if (keys[0] != seen.Key)
            {
                seen = (keys[0], time.GetTimestamp());

                // Whose key it is can be told at once: with a wrong password nobody needs to wait.
                if (await TryOpenAsync(cancellationToken).ConfigureAwait(false) is { } known)
                    known.Key.Dispose();
            }

            if (time.GetElapsedTime(seen.Since) >= s_patience && await TryOpenAsync(cancellationToken).ConfigureAwait(false) is var (left, key))
                return await TakeOverAsync(left, key, cancellationToken).ConfigureAwait(false);
            await Task.Delay(s_look, time, cancellationToken).ConfigureAwait(false);
        }
    }

    // Packs, indexes or snapshots without a config are a repository that lost it, or one that cannot be seen whole at the moment. A new one
    // beside them would make both useless.
    private async Task ThrowIfContentIsThereAsync(CancellationToken cancellationToken)
    {
        foreach (var kind in new[] { RepositoryFile.Snapshot, RepositoryFile.Index, RepositoryFile.Data })
        {
            await foreach (var item in store.ListAsync(RepositoryLayout.Folder(kind), cancellationToken).ConfigureAwait(false))
            {
                // Another program may have created it, and written into it, since the first look.
                if (!BlobId.TryParse(item.Name, out _) || await ResticRepository.ExistsAsync(store, cancellationToken).ConfigureAwait(false))
                    continue;
                throw new RepositoryException(RepositoryErrorKind.Damaged,
                    $"At '{store.Location}' lie files of a repository ({item.Key}), but not its file 'config'. No new repository is created beside them.");
            }
        }
    }

    private async Task<ResticRepository?> TryAloneAsync(CancellationToken cancellationToken)
    {
        var key = CryptoKey.Generate();
        var id = await SaveKeyAsync(key, cancellationToken).ConfigureAwait(false);
        if (await KeysAsync(cancellationToken).ConfigureAwait(false) is [var only] && only == id && !await ResticRepository.ExistsAsync(store, cancellationToken).ConfigureAwait(false))
            return await ResticRepository.CreateAsync(store, id, key, cancellationToken).ConfigureAwait(false);
        key.Dispose();
        await store.DeleteAsync(RepositoryLayout.Key(RepositoryFile.Key, id), CancellationToken.None).ConfigureAwait(false);
        return null;
    }

    // With a key file of its own for the same master key: whoever wrote the other may wake up and take his back. Everybody removes one that is
    // older than his own, so that the youngest stays.
    private async Task<ResticRepository> TakeOverAsync(BlobId left, CryptoKey key, CancellationToken cancellationToken)
    {
        var own = await SaveKeyAsync(key, cancellationToken).ConfigureAwait(false);
        var created = await ResticRepository.CreateAsync(store, own, key, cancellationToken).ConfigureAwait(false);
        await store.DeleteAsync(RepositoryLayout.Key(RepositoryFile.Key, left), cancellationToken).ConfigureAwait(false);
        return created;
    }

    private Task<BlobId> SaveKeyAsync(CryptoKey key, CancellationToken cancellationToken) =>
        RepositoryKeys.SaveAsync(store, KeyFile.Create(key, password, userName, hostName, time), cancellationToken);

    // Null when the key was taken back between the listing and the look.
    private async Task<(BlobId Id, CryptoKey Key)?> TryOpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await RepositoryKeys.OpenFirstAsync(store, password, cancellationToken).ConfigureAwait(false);
        }
        catch (StorageException exception) when (exception.Kind == StorageErrorKind.NotFound)
        {
            return null;
        }
        catch (RepositoryException exception) when (exception.Kind == RepositoryErrorKind.Damaged)
        {
            if ((await KeysAsync(cancellationToken).ConfigureAwait(false)).Count > 0)
                throw;
            return null;
        }
    }

    private async Task<IReadOnlyList<BlobId>> KeysAsync(CancellationToken cancellationToken)
    {
        var keys = new List<BlobId>();
        await foreach (var item in store.ListAsync(RepositoryLayout.Folder(RepositoryFile.Key), cancellationToken).ConfigureAwait(false))
        {
            if (BlobId.TryParse(item.Name, out var id))
                keys.Add(id);
        }

        return keys;
    }
}
