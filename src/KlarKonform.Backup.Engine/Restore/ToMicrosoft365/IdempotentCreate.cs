using KlarKonform.Backup.Engine.Browsing;
using KlarKonform.Backup.Graph;

namespace KlarKonform.Backup.Engine.Restore.ToMicrosoft365;

/// <summary>Makes items exactly once, although an answer may get lost: before it is tried again, the target is asked.</summary>
internal static class IdempotentCreate
{
    private const int MaxAttempts = 6;

    /// <summary>Makes an item.</summary>
    /// <param name="create">Makes it and gives its id.</param>
    /// <param name="find">Its id if an attempt did make it, or null.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public static async Task<string> OnceAsync(Func<CancellationToken, Task<string>> create, Func<CancellationToken, Task<string?>> find, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await create(cancellationToken).ConfigureAwait(false);
            }
            catch (GraphException exception) when (attempt < MaxAttempts && (exception.Kind == GraphErrorKind.Unreachable || exception.Code == "ErrorDuplicateTransactionId"))
            {
                await Task.Delay(TimeSpan.FromSeconds(Math.Min(20, exception.RetryAfter?.TotalSeconds ?? Math.Pow(2, attempt - 1))), cancellationToken).ConfigureAwait(false);
                if (await find(cancellationToken).ConfigureAwait(false) is { } id)
                    return id;
            }
        }
    }

    /// <summary>Adds to an item what belongs to it. If that breaks off, the item is taken away again: rather nothing, and the next attempt makes it whole.</summary>
    /// <param name="complete">Adds it.</param>
    /// <param name="undo">Takes the item away.</param>
    public static async Task WholeAsync(Func<Task> complete, Func<CancellationToken, Task> undo)
    {
        try
        {
            await complete().ConfigureAwait(false);
        }
        catch
        {
            using var brief = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            try
            {
                await undo(brief.Token).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is GraphException or OperationCanceledException)
            {
                // What led here is what the report says.
            }

            throw;
        }
    }

    /// <summary>Adds a side dish that the item can do without: refused or odd, it is a note. What another attempt could bring is thrown.</summary>
    /// <param name="add">Adds it.</param>
    /// <param name="notes">Takes the note.</param>
    /// <param name="note">What is lost.</param>
    /// <param name="cancellationToken">The call's.</param>
    public static async Task SideAsync(Func<Task> add, List<string> notes, string note, CancellationToken cancellationToken)
    {
        try
        {
            await add().ConfigureAwait(false);
        }
        catch (Exception exception) when (ItemWall.Holds(exception, cancellationToken) && !IsPassing(exception))
        {
            notes.Add($"{note} {ItemWall.Describe(exception).Detail}");
        }
    }

    private static bool IsPassing(Exception exception) => exception is GraphException graph
        && (graph.Kind is GraphErrorKind.Unreachable or GraphErrorKind.Throttled or GraphErrorKind.SignInFailed or GraphErrorKind.UntrustedCertificate || RefusalWatch.IsFull(graph));
}
