using System.Security.Cryptography;
using KlarKonform.Backup.Repository.Crypto;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Keys;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Repository;

/// <summary>
/// Creates a repository where several processes may do so at the same time, on storage without locks. Two key files with different master
/// keys must never remain next to each other: both would open with the password, and one would not match the config. So each process writes
/// its key, lists the keys, and takes its own back if there is another; the only one left writes the config. Needs storage that lists what
/// was written before, and fails without it. Used once.
/// </summary>
internal sealed class RepositoryInitializer(IObjectStore store, string password, string userName, string hostName, TimeProvider time)
{
    // There are only a few requests between key and config. A key that stands alone for longer was left by an interruption.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(250);

    // Storage with delayed listings shows within some seconds what was written; and of processes that step back for each other, one is
    // first by then.
    private static readonly TimeSpan s_listingPatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(5);

    /// <summary>Creates the repository, or opens it if another process has created it meanwhile.</summary>
    /// <exception cref="RepositoryException">Among others <see cref="RepositoryErrorKind.Doubtful"/>: the listing does not show what was
    /// written, or keeps showing what does not exist.</exception>
    public async Task<ResticRepository> RunAsync(CancellationToken cancellationToken)
    {
        if (await ResticRepository.ExistsAsync(store, cancellationToken).ConfigureAwait(false))
            throw new RepositoryException(RepositoryErrorKind.AlreadyExists, $"There is a repository at '{store.Location}' already.");

        await ThrowIfContentIsThereAsync(cancellationToken).ConfigureAwait(false);

        // Probably no other initializer is at work. If a key with a different password was left behind, add nothing next to it.
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

                // It is known at once whose key it is: with a wrong password there is no need to wait.
                if (await TryOpenAsync(cancellationToken).ConfigureAwait(false) is { } known)
                    known.Key.Dispose();
            }

            if (
                time.GetElapsedTime(seen.Since) >= s_patience
                && await TryOpenAsync(cancellationToken).ConfigureAwait(false) is var (left, key)
                && await TryTakeOverAsync(left, key, cancellationToken).ConfigureAwait(false) is { } taken
            )
                return taken;
            await Task.Delay(s_look, time, cancellationToken).ConfigureAwait(false);
        }
    }

    // Packs, indexes or snapshots without a config belong to a repository that lost it, or that is not completely visible at the moment. A
    // new one next to them would make both useless.
    private async Task ThrowIfContentIsThereAsync(CancellationToken cancellationToken)
    {
        foreach (var kind in new[] { RepositoryFile.Snapshot, RepositoryFile.Index, RepositoryFile.Data })
        {
            await foreach (var item in store.ListAsync(RepositoryLayout.Folder(kind), cancellationToken).ConfigureAwait(false))
            {
                // Another program may have created it, and written to it, since the first look.
                if (
                    !BlobId.TryParse(item.Name, out _) || await ResticRepository.ExistsAsync(store, cancellationToken).ConfigureAwait(false)
                )
                    continue;
                throw new RepositoryException(
                    RepositoryErrorKind.Damaged,
                    $"At '{store.Location}' lie files of a repository ({item.Key}), but not its file 'config'. No new "
                        + $"repository is created beside them."
                );
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
        return isHidden
            ? throw Doubtful($"its listing lacks the key file {id.ToShortString()}, which was written there and can be seen by its name")
            : null;
    }

    // A listing may be delayed. Without our own key in it we cannot know whether we are alone, unless another process has removed it.
    private async Task<(IReadOnlyList<BlobId> Keys, bool IsOwnHidden)> KeysWithAsync(BlobId own, CancellationToken cancellationToken)
    {
        for (var since = time.GetTimestamp(); ; )
        {
            var keys = await KeysAsync(cancellationToken).ConfigureAwait(false);
            if (
                keys.Contains(own)
                || await store.StatAsync(RepositoryLayout.Key(RepositoryFile.Key, own), cancellationToken).ConfigureAwait(false) is null
            )
                return (keys, false);
            if (time.GetElapsedTime(since) >= s_listingPatience)
                return (keys, true);
            await Task.Delay(s_look, time, cancellationToken).ConfigureAwait(false);
        }
    }

    private RepositoryException Doubtful(string why) =>
        new(
            RepositoryErrorKind.Doubtful,
            $"The storage at '{store.Location}' does not show what is there: {why}. No repository was created; one would not be safe there."
        );

    // Writes a key file of its own for the same master key: the process that wrote the other one may wake up and take it back. Each removes
    // a key that is older than its own, so that the youngest stays. Others wait: one proceeds, and if two do, they write the same config.
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

    // Null if the key was taken back between the listing and the look.
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
