using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Engine.Sources.Resources;

/// <summary>
/// What surrounds an item, a part of a resource and a resource: an exception inside is the failure of just that, and the rest continues.
/// Two things pass through every wall: the run was stopped, or the repository or its storage failed, which would affect every further
/// write.
/// </summary>
internal static class Wall
{
    // Kept with every failure in the snapshot.
    private const int MaxDetails = 4096;

    /// <summary>Whether an exception stays inside the wall.</summary>
    /// <param name="exception">What was thrown.</param>
    /// <param name="cancellationToken">The innermost token: when it is cancelled, the work is meant to end.</param>
    public static bool Holds(Exception exception, CancellationToken cancellationToken) =>
        exception switch
        {
            OperationCanceledException => !cancellationToken.IsCancellationRequested,
            RepositoryException or StorageException or OutOfMemoryException or InsufficientExecutionStackException => false,
            BackupException { ErrorId: ErrorIds.LockLost } => false,
            AggregateException several => several.InnerExceptions.All(each => Holds(each, cancellationToken)),
            _ => true,
        };

    /// <summary>
    /// Types and stack traces of an unforeseen exception: never the messages, which may quote what was read. Shortened to what shows where
    /// it happened.
    /// </summary>
    public static string Details(Exception exception)
    {
        var text = ForeignException.Stacks(exception);
        return text[..Math.Min(text.Length, MaxDetails)];
    }
}
