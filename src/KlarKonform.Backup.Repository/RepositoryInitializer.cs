using System.Security.Cryptography;
using KlarKonform.Backup.Repository.Crypto;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Keys;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Repository;

/// <summary>
/// Creates a repository where several may do so at the same moment, on storage that knows no locks. Two key files of different master keys
/// must never stay side by side: both would open with the password, and one would not fit the config. So each writes its key, looks, and
/// takes it back when it is not alone; who is alone writes the config. Needs storage that lists what was written before, and ends where that
/// is not so. Used once.
/// </summary>
internal sealed class RepositoryInitializer(IObjectStore store, string password, string userName, string hostName, TimeProvider time)
{
    // Between key and config lie some requests. A key that stands alone for longer was left by a cut.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(250);

    // Storage whose listing lags shows after some seconds what was written; and of those who step back for each other one is first by then.
    private static readonly TimeSpan s_listingPatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(5);

    /// <summary>Creates the repository, or opens the one that somebody else created meanwhile.</summary>
    /// <exception cref="RepositoryException">Among others <see cref="RepositoryErrorKind.Doubtful"/>: the listing does not show what was written,
    /// or goes on showing what is not there.</exception>
    public async Task<ResticRepository> RunAsync(CancellationToken cancellationToken)
    {
        if (await ResticRepository.ExistsAsync(store, cancellationToken).ConfigureAwait(false))
            throw new RepositoryException(RepositoryErrorKind.AlreadyExists, $"There is a repository at '{store.Location}' already.");

        await ThrowIfContentIsThereAsync(cancellationToken).ConfigureAwait(false);

        // Alone in all likelihood. A left key that another password opens must not get company: nothing is written beside it.
        var (isFirstLook, began) = (true, time.GetTimestamp());
        for (var seen = (Key: default(BlobId), Since: time.GetTimestamp()); ; isFirstLook = false)
        {
            if (!isFirstLook && await ResticRepository.ExistsAsync(store, cancellationToken).ConfigureAwait(false))
                return await ResticRepository.OpenAsync(store, password, cancellationToken).ConfigureAwait(false);
            if (time.GetElapsedTime(began) >= s_longest)
                throw Doubtful("the keys that its listing shows are not those that are there");
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

            if (time.GetElapsedTime(seen.Since) >= s_patience && await TryOpenAsync(cancellationToken).ConfigureAwait(false) is var (left, key)
                && await TryTakeOverAsync(left, key, cancellationToken).ConfigureAwait(false) is { } taken)
                return taken;
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
        var (keys, isHidden) = await KeysWithAsync(id, cancellationToken).ConfigureAwait(false);
        if (keys is [var only] && only == id && !await ResticRepository.ExistsAsync(store, cancellationToken).ConfigureAwait(false))
            return await ResticRepository.CreateAsync(store, id, key, cancellationToken).ConfigureAwait(false);
        key.Dispose();
        await store.DeleteAsync(RepositoryLayout.Key(RepositoryFile.Key, id), CancellationToken.None).ConfigureAwait(false);
        return isHidden ? throw Doubtful($"its listing lacks the key file {id.ToShortString()}, which was written there and can be seen by its name") : null;
    }

    // A listing may lag. Without his own key in it nobody can tell whether he is alone, unless somebody has taken it away.
    private async Task<(IReadOnlyList<BlobId> Keys, bool IsOwnHidden)> KeysWithAsync(BlobId own, CancellationToken cancellationToken)
    {
        for (var since = time.GetTimestamp(); ;)
        {
            var keys = await KeysAsync(cancellationToken).ConfigureAwait(false);
            if (keys.Contains(own) || await store.StatAsync(RepositoryLayout.Key(RepositoryFile.Key, own), cancellationToken).ConfigureAwait(false) is null)
                return (keys, false);
            if (time.GetElapsedTime(since) >= s_listingPatience)
                return (keys, true);
            await Task.Delay(s_look, time, cancellationToken).ConfigureAwait(false);
        }
    }

    private RepositoryException Doubtful(string why) => new(RepositoryErrorKind.Doubtful,
        $"The storage at '{store.Location}' does not show what is there: {why}. No repository was created; one would not be safe there.");

    // With a key file of its own for the same master key: whoever wrote the other may wake up and take his back. Everybody removes one that is
    // older than his own, so that the youngest stays. Others wait beside: one goes first, and if two do, they write the same config.
    private async Task<ResticRepository?> TryTakeOverAsync(BlobId left, CryptoKey key, CancellationToken cancellationToken)
    {
        await Task.Delay(s_look * RandomNumberGenerator.GetInt32(9), time, cancellationToken).ConfigureAwait(false);
        if (await ResticRepository.ExistsAsync(store, cancellationToken).ConfigureAwait(false))
        {
            key.Dispose();
            return null;
        }

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

        keys.Sort();
        return keys;
    }
}
