using KlarKonform.Backup.Graph;

namespace KlarKonform.Backup.Engine.Restore.Cloud;

/// <summary>Makes items exactly once, although an answer may get lost: before it is tried again, the target is asked.</summary>
internal static class Creation
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
}
