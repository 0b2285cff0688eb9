using System.Text.Json;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Repository.Keys;

/// <summary>Adds, lists and removes the passwords of an opened repository. The data is not touched: every key opens the same master key.</summary>
public sealed class RepositoryKeys(ResticRepository repository)
{
    /// <summary>Every key, oldest first.</summary>
    public async Task<IReadOnlyList<RepositoryKey>> ListAsync(CancellationToken cancellationToken)
    {
        var keys = new List<RepositoryKey>();
        await foreach (var id in repository.ListAsync(RepositoryFile.Key, cancellationToken).ConfigureAwait(false))
        {
            var file = await LoadAsync(repository.Store, RepositoryLayout.Key(RepositoryFile.Key, id), cancellationToken).ConfigureAwait(false);
            keys.Add(new RepositoryKey(id, file.UserName, file.HostName, Json.NanoTime.Parse(file.Created).Moment, id == repository.KeyId));
        }

        return [.. keys.OrderBy(key => key.Created)];
    }

    /// <summary>Adds a password.</summary>
    /// <returns>The new key's id.</returns>
    public Task<BlobId> AddAsync(string password, string userName, string hostName, TimeProvider time, CancellationToken cancellationToken) =>
        SaveAsync(repository.Store, KeyFile.Create(repository.Key, password, userName, hostName, time), cancellationToken);

    /// <summary>Removes a password. The one that the repository was opened with stays: nobody locks himself out.</summary>
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.KeyInUse"/> or <see cref="RepositoryErrorKind.Missing"/>.</exception>
    public async Task RemoveAsync(BlobId id, CancellationToken cancellationToken)
    {
        if (id == repository.KeyId)
            throw new RepositoryException(RepositoryErrorKind.KeyInUse, $"The key {id.ToShortString()} is the one that the repository was opened with. Open it with another key to remove this one.");
        var name = RepositoryLayout.Key(RepositoryFile.Key, id);
        if (await repository.Store.StatAsync(name, cancellationToken).ConfigureAwait(false) is null)
            throw new RepositoryException(RepositoryErrorKind.Missing, $"The repository has no key {id.ToShortString()}.");
        await repository.Store.DeleteAsync(name, cancellationToken).ConfigureAwait(false);
    }

    internal static async Task<BlobId> SaveAsync(IObjectStore store, KeyFile key, CancellationToken cancellationToken)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(key, ResticRepository.JsonOptions);
        var id = BlobId.Of(json);
        await store.SaveAsync(RepositoryLayout.Key(RepositoryFile.Key, id), json, cancellationToken).ConfigureAwait(false);
        return id;
    }

    internal static async Task<KeyFile> LoadAsync(IObjectStore store, string name, CancellationToken cancellationToken)
    {
        var json = await store.ReadAllAsync(name, cancellationToken).ConfigureAwait(false);
        try
        {
            return JsonSerializer.Deserialize<KeyFile>(json) ?? throw new RepositoryException(RepositoryErrorKind.Damaged, $"The key file {name} is empty.");
        }
        catch (JsonException exception)
        {
            throw new RepositoryException(RepositoryErrorKind.Damaged, $"The key file {name} is damaged.", exception);
        }
    }
}
