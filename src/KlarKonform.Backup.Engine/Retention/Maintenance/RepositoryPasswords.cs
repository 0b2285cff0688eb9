using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Repository;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Keys;

namespace KlarKonform.Backup.Engine.Retention.Maintenance;

/// <summary>Manages the passwords of a configuration's repository.</summary>
internal sealed class RepositoryPasswords(BackupRepository session, TimeProvider time)
{
    private readonly RepositoryKeys _keys = new(session.Repository);

    public async Task<IReadOnlyList<BackupKey>> ListAsync(CancellationToken cancellationToken) =>
        [.. (await _keys.ListAsync(cancellationToken)).Select(Describe)];

    public async Task<BackupKey> AddAsync(string password, CancellationToken cancellationToken)
    {
        var id = await _keys.AddAsync(password, Environment.UserName, Environment.MachineName, time, cancellationToken);
        return Describe((await _keys.ListAsync(cancellationToken)).Single(key => key.Id == id));
    }

    /// <exception cref="BackupException">KeyNotFound, KeyAmbiguous or KeyInUse.</exception>
    public async Task<BlobId> RemoveAsync(string id, CancellationToken cancellationToken)
    {
        var found = (await _keys.ListAsync(cancellationToken))
            .Where(key => key.Id.ToString().StartsWith(id, StringComparison.OrdinalIgnoreCase))
            .ToArray();
        if (found.Length != 1)
            throw new BackupException(
                found.Length == 0 ? ErrorIds.KeyNotFound : ErrorIds.KeyAmbiguous,
                BackupErrorCategory.ObjectNotFound,
                id,
                id,
                session.Configuration.Name
            );
        if (found[0].IsCurrent)
            throw new BackupException(
                ErrorIds.KeyInUse,
                BackupErrorCategory.InvalidArgument,
                id,
                found[0].Id.ToShortString(),
                session.Configuration.Name
            );
        await _keys.RemoveAsync(found[0].Id, cancellationToken);
        return found[0].Id;
    }

    private BackupKey Describe(RepositoryKey key) =>
        new(session.Configuration.Name, key.Id.ToString(), key.Created, key.UserName, key.HostName, key.IsCurrent);
}
