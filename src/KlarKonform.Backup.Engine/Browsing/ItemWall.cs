using KlarKonform.Backup.Engine.Errors;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Engine.Browsing;

/// <summary>
/// The wall around one item of a restore, a listing or a search: an exception thrown inside becomes that item's result, unless it would be
/// thrown for every other item too.
/// </summary>
internal static class ItemWall
{
    // HRESULT of ERROR_DISK_FULL (0x70) and ERROR_HANDLE_DISK_FULL (0x27) on Windows, errno ENOSPC (28) and EDQUOT (122) elsewhere.
    private static readonly int[] s_full = OperatingSystem.IsWindows() ? [0x70, 0x27] : [28, 122];

    /// <summary>Whether a failure concerns only this item.</summary>
    /// <param name="exception">What was thrown.</param>
    /// <param name="cancellationToken">The call's token: the cancellation of anything else is a failure like any other.</param>
    public static bool Holds(Exception exception, CancellationToken cancellationToken) =>
        exception switch
        {
            OperationCanceledException => !cancellationToken.IsCancellationRequested,
            StorageException storage => storage
                is {
                    Key: not null,
                    Kind: StorageErrorKind.AccessDenied or StorageErrorKind.Other or StorageErrorKind.NotFound or StorageErrorKind.Archived,
                },
            BackupException error => error.ErrorId is not (ErrorIds.DestinationFull or ErrorIds.RestoreTargetFull),
            _ => !IsDiskFull(exception),
        };

    /// <summary>Whether a local disk is full: then no other file can be written either.</summary>
    public static bool IsDiskFull(Exception exception) =>
        exception is IOException and not EndOfStreamException && s_full.Contains(exception.HResult & 0xFFFF);

    /// <summary>A failure's code and reason, for the item's row.</summary>
    public static (string Code, string Detail) Describe(Exception exception) =>
        exception switch
        {
            BackupException error => (error.ErrorId, error.Message),
            StorageException { Kind: StorageErrorKind.Archived } archived => Describe(ErrorTranslator.Archived(archived)),
            RepositoryException { InnerException: StorageException { Kind: StorageErrorKind.Archived } archived } => Describe(
                ErrorTranslator.Archived(archived)
            ),
            RepositoryException or StorageException => (
                ErrorIds.RepositoryDamaged,
                exception.InnerException is { } inner and not StorageException ? $"{exception.Message} {inner.Message}" : exception.Message
            ),
            Graph.GraphException graph => (graph.Code, graph.Message),
            _ => ("ItemUnreadable", $"{exception.GetType().Name}: {exception.Message}"),
        };
}
