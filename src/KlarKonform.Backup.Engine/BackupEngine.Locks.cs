using KlarKonform.Backup.Engine.Retention.Maintenance;

namespace KlarKonform.Backup.Engine;

/// <content>The locks on a repository.</content>
public sealed partial class BackupEngine
{
    /// <inheritdoc />
    public Task<IReadOnlyList<BackupLock>> GetLocksAsync(string name, ISecretStore secrets, CancellationToken cancellationToken) =>
        WithRepositoryAsync(
            name,
            secrets,
            session => new RepositoryUnlocker(session, _time).ListAsync(cancellationToken),
            cancellationToken
        );

    /// <inheritdoc />
    public Task<IReadOnlyList<BackupLock>> RemoveLocksAsync(
        string name,
        IReadOnlyCollection<string> dead,
        IReadOnlyCollection<string> forced,
        ISecretStore secrets,
        IBackupObserver observer,
        CancellationToken cancellationToken
    ) =>
        WithRepositoryAsync(
            name,
            secrets,
            session => new RepositoryUnlocker(session, _time).RemoveAsync(dead, forced, observer, cancellationToken),
            cancellationToken
        );
}
