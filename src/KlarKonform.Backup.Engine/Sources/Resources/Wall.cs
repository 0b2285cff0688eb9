using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Engine.Sources.Resources;

/// <summary>
/// What stands around an item, a part of a resource and a resource: whatever is thrown inside is the failure of just that, and the rest
/// goes on. Two things pass through every wall: the run was stopped, and the repository or its storage failed, which every further write
/// would find too.
/// </summary>
internal static class Wall
{
    // Kept with every failure in the snapshot.
    private const int MaxDetails = 4096;

    /// <summary>Whether an exception stays inside of the wall.</summary>
    /// <param name="exception">What was thrown.</param>
    /// <param name="cancellationToken">The innermost token: when it is cancelled, somebody wants the work to end.</param>
    public static bool Holds(Exception exception, CancellationToken cancellationToken) => exception switch
    {
        OperationCanceledException => !cancellationToken.IsCancellationRequested,
        RepositoryException or StorageException or OutOfMemoryException or InsufficientExecutionStackException => false,
        BackupException { ErrorId: "LockLost" } => false,
        AggregateException several => several.InnerExceptions.All(each => Holds(each, cancellationToken)),
        _ => true,
    };

    /// <summary>Types and stacks of an exception nobody foresaw: never the messages, which may quote what was read. Cut at what tells where it was.</summary>
    public static string Details(Exception exception)
    {
        var text = ForeignException.Stacks(exception);
        return text[..Math.Min(text.Length, MaxDetails)];
    }
}
