using KlarKonform.Backup.Engine.Browsing;
using KlarKonform.Backup.Graph;

namespace KlarKonform.Backup.Engine.Restore.ToMicrosoft365;

/// <summary>
/// Creates items exactly once, although a response may get lost: before a retry, the target is asked whether the item exists.
/// </summary>
internal static class IdempotentCreate
{
    private const int MaxAttempts = 6;

    /// <summary>Creates an item.</summary>
    /// <param name="create">Creates it and returns its id.</param>
    /// <param name="find">Returns its id if an earlier attempt did create it, otherwise null.</param>
    /// <param name="time">Pauses.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public static async Task<string> OnceAsync(
        Func<CancellationToken, Task<string>> create,
        Func<CancellationToken, Task<string?>> find,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await create(cancellationToken);
            }
            catch (GraphException exception)
                when (attempt < MaxAttempts
                    && (exception.Kind == GraphErrorKind.Unreachable || exception.Code == "ErrorDuplicateTransactionId")
                )
            {
                await Task.Delay(
                    TimeSpan.FromSeconds(Math.Min(20, exception.RetryAfter?.TotalSeconds ?? Math.Pow(2, attempt - 1))),
                    time,
                    cancellationToken
                );
                if (await find(cancellationToken) is { } id)
                    return id;
            }
        }
    }

    /// <summary>
    /// Adds what belongs to an item. If that fails, the item is removed again: better no item, so that the next attempt creates it
    /// completely.
    /// </summary>
    /// <param name="complete">Adds what belongs to it.</param>
    /// <param name="undo">Removes the item.</param>
    public static async Task WholeAsync(Func<Task> complete, Func<CancellationToken, Task> undo)
    {
        try
        {
            await complete();
        }
        catch
        {
            using var brief = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            try
            {
                await undo(brief.Token);
            }
            catch (Exception exception) when (exception is GraphException or OperationCanceledException)
            {
                // The report shows the error that led here.
            }

            throw;
        }
    }

    /// <summary>
    /// Adds something that the item can do without: if it is refused or malformed, that becomes a note. What another attempt could fix is
    /// thrown.
    /// </summary>
    /// <param name="add">Adds that part.</param>
    /// <param name="notes">Receives the note.</param>
    /// <param name="note">What is missing from the restored item.</param>
    /// <param name="cancellationToken">The call's token.</param>
    public static async Task SideAsync(Func<Task> add, List<string> notes, string note, CancellationToken cancellationToken)
    {
        try
        {
            await add();
        }
        catch (Exception exception) when (ItemWall.Holds(exception, cancellationToken) && !IsPassing(exception))
        {
            notes.Add($"{note} {ItemWall.Describe(exception).Detail}");
        }
    }

    private static bool IsPassing(Exception exception) =>
        exception is GraphException graph
        && (
            graph.Kind
                is GraphErrorKind.Unreachable
                    or GraphErrorKind.Throttled
                    or GraphErrorKind.SignInFailed
                    or GraphErrorKind.UntrustedCertificate
            || RefusalWatch.IsFull(graph)
        );
}
