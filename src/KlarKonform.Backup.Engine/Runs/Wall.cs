using System.Diagnostics;
using System.Text;
using KlarKonform.Backup.Repository;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Engine.Runs;

/// <summary>
/// What stands around an item, a part of a resource and a resource: whatever is thrown inside is the failure of just that, and the rest
/// goes on. Two things pass through every wall: the run was stopped, and the repository or its storage failed, which every further write
/// would find too.
/// </summary>
internal static class Wall
{
    // A stack deeper than this says no more.
    private const int MaxFrames = 30;

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

    /// <summary>Type and stack of an exception nobody foresaw, and of those inside it: never the messages, which may quote what was read.</summary>
    public static string Details(Exception exception)
    {
        var text = new StringBuilder();
        for (var each = exception; each is not null; each = each.InnerException)
        {
            text.Append(text.Length == 0 ? "" : "caused by ").AppendLine(each.GetType().FullName);
            foreach (var frame in new StackTrace(each, fNeedFileInfo: false).GetFrames().Take(MaxFrames))
            {
                if (frame.GetMethod() is { } method)
                    text.Append("   at ").Append(method.DeclaringType?.FullName).Append('.').AppendLine(method.Name);
            }
        }

        return text.ToString().TrimEnd();
    }
}
