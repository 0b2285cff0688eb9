using System.Runtime.CompilerServices;
using System.Text.Json;
using KlarKonform.Backup.Repository.Crypto;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Json;
using KlarKonform.Backup.Repository.Keys;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Repository;

/// <summary>
/// Adds, lists and removes the passwords of an opened repository. The data is not changed: every key opens the same master key.
/// </summary>
public sealed class RepositoryKeys(ResticRepository repository)
{
    /// <summary>Every key, oldest first.</summary>
    public async Task<IReadOnlyList<RepositoryKey>> ListAsync(CancellationToken cancellationToken)
    {
        var keys = new List<RepositoryKey>();
        await foreach (var (id, _) in repository.Files.ListAsync(RepositoryFile.Key, cancellationToken).ConfigureAwait(false))
        {
            var file = await LoadAsync(repository.Store, RepositoryLayout.Key(RepositoryFile.Key, id), cancellationToken)
                .ConfigureAwait(false);
            keys.Add(new RepositoryKey(id, file.UserName, file.HostName, Json.NanoTime.Parse(file.Created).Moment, id == repository.KeyId));
        }

        return [.. keys.OrderBy(key => key.Created)];
    }

    /// <summary>Ids of all key files.</summary>
    public async Task<IReadOnlyList<BlobId>> IdsAsync(CancellationToken cancellationToken)
    {
        var ids = new List<BlobId>();
        await foreach (var (id, _) in repository.Files.ListAsync(RepositoryFile.Key, cancellationToken).ConfigureAwait(false))
            ids.Add(id);
        return ids;
    }

    /// <summary>Adds a password.</summary>
    /// <returns>The new key's id.</returns>
    public Task<BlobId> AddAsync(
        string password,
        string userName,
        string hostName,
        TimeProvider time,
        CancellationToken cancellationToken
    ) => SaveAsync(repository.Store, KeyFile.Create(repository.Key, password, userName, hostName, time), cancellationToken);

    /// <summary>Removes a password. The password in use cannot be removed, so that no one can lock themselves out.</summary>
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.KeyInUse"/> or
    /// <see cref="RepositoryErrorKind.Missing"/>.</exception>
    public async Task RemoveAsync(BlobId id, CancellationToken cancellationToken)
    {
        if (id == repository.KeyId)
            throw new RepositoryException(
                RepositoryErrorKind.KeyInUse,
                $"The key {id.ToShortString()} is the one that the repository was opened with. Open it with another key to remove this one."
            );
        var name = RepositoryLayout.Key(RepositoryFile.Key, id);
        if (await repository.Store.StatAsync(name, cancellationToken).ConfigureAwait(false) is null)
            throw new RepositoryException(RepositoryErrorKind.Missing, $"The repository has no key {id.ToShortString()}.");
        await repository.Store.DeleteAsync(name, cancellationToken).ConfigureAwait(false);
    }

    private const int MaxLooks = 5;
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(100);

    /// <summary>The first key that the password opens.</summary>
    internal static async Task<(BlobId Id, CryptoKey Key)> OpenFirstAsync(
        IObjectStore store,
        string password,
        CancellationToken cancellationToken
    )
    {
        await foreach (var opened in OpenAsync(store, password, cancellationToken).ConfigureAwait(false))
            return opened;
        throw new InvalidOperationException("The enumeration of keys ended without a key and without a reason.");
    }

    /// <summary>Every key that the password opens, one after another.</summary>
    /// <exception cref="RepositoryException">At the end, if there was none.</exception>
    internal static async IAsyncEnumerable<(BlobId Id, CryptoKey Key)> OpenAsync(
        IObjectStore store,
        string password,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        RepositoryException? damaged = null;
        var (found, opened) = (false, false);
        for (var look = 0; look < MaxLooks && !found; look++)
        {
            // A process that takes over a repository in the making replaces its key: everything in a listing may be gone, and another key
            // present.
            await Task.Delay(look * s_look, TimeProvider.System, cancellationToken).ConfigureAwait(false);
            await foreach (
                var item in store.ListAsync(RepositoryLayout.Folder(RepositoryFile.Key), cancellationToken).ConfigureAwait(false)
            )
            {
                if (!BlobId.TryParse(item.Name, out var id))
                    continue;
                CryptoKey? key = null;
                try
                {
                    var file = await LoadAsync(store, item.Key, cancellationToken).ConfigureAwait(false);
                    found = true;
                    key = await Task.Run(() => file.TryOpen(password), cancellationToken).ConfigureAwait(false);
                }
                catch (RepositoryException exception)
                {
                    (found, damaged) = (true, exception); // Another key may open it.
                }
                catch (StorageException exception) when (exception.Kind == StorageErrorKind.NotFound)
                {
                    continue; // Removed between the listing and the look.
                }

                if (key is null)
                    continue;
                opened = true;
                yield return (id, key);
            }
        }

        if (!opened)
        {
            throw damaged
                ?? (
                    found
                        ? new RepositoryException(
                            RepositoryErrorKind.WrongPassword,
                            $"No key of the repository at '{store.Location}' opens with this password."
                        )
                        : new RepositoryException(RepositoryErrorKind.Damaged, $"The repository at '{store.Location}' has no key file.")
                );
        }
    }

    internal static async Task<BlobId> SaveAsync(IObjectStore store, KeyFile key, CancellationToken cancellationToken)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(key, GoJson.Options);
        var id = BlobId.Of(json);
        await store.SaveAsync(RepositoryLayout.Key(RepositoryFile.Key, id), json, cancellationToken).ConfigureAwait(false);
        return id;
    }

    internal static async Task<KeyFile> LoadAsync(IObjectStore store, string name, CancellationToken cancellationToken)
    {
        var json = await store.ReadAllAsync(name, cancellationToken).ConfigureAwait(false);
        try
        {
            return JsonSerializer.Deserialize<KeyFile>(json)
                ?? throw new RepositoryException(RepositoryErrorKind.Damaged, $"The key file {name} is empty.");
        }
        catch (JsonException exception)
        {
            throw new RepositoryException(RepositoryErrorKind.Damaged, $"The key file {name} is damaged.", exception);
        }
    }
}
