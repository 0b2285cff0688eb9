using KlarKonform.Backup.Engine.Runs;
using KlarKonform.Backup.Repository.Locks;

namespace KlarKonform.Backup.Engine.Errors;

/// <summary>What an admin is told when the repository's lock was lost.</summary>
internal static class LockLoss
{
    /// <summary>The error: LockLost, or Unexpected when a fault of this program ended the renewal.</summary>
    public static BackupException Of(RepositoryLock held, RepositorySession session) => held.Failure is { } failure
        ? BackupException.Unexpected(failure, session.Configuration.Name)
        : new BackupException("LockLost", BackupErrorCategory.ResourceBusy, session.Store.Location, session.Store.Location);
}
