using KlarKonform.Backup.Repository.Locks;

namespace KlarKonform.Backup.Engine.Snapshots;

/// <summary>What an admin is told when the repository's lock was lost.</summary>
internal static class LockLoss
{
    /// <summary>The error: LockLost, or Unexpected if a defect in this program ended the renewal.</summary>
    public static BackupException Of(RepositoryLock held, BackupRepository session) =>
        held.Failure is { } failure
            ? BackupException.Unexpected(failure, session.Configuration.Name)
            : new BackupException(ErrorIds.LockLost, BackupErrorCategory.ResourceBusy, session.Store.Location, session.Store.Location);

    /// <summary>Runs something under a lock, and cancels it when the lock is lost.</summary>
    /// <exception cref="BackupException">The lock was lost; see <see cref="Of"/>.</exception>
    public static async Task<T> GuardAsync<T>(
        RepositoryLock held,
        BackupRepository session,
        Func<CancellationToken, Task<T>> act,
        CancellationToken cancellationToken
    )
    {
        using var alive = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, held.Lost);
        try
        {
            return await act(alive.Token);
        }
        catch (OperationCanceledException) when (held.Lost.IsCancellationRequested)
        {
            throw Of(held, session);
        }
    }
}
