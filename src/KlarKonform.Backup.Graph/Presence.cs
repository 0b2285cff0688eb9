namespace KlarKonform.Backup.Graph;

/// <summary>Whether the target of a request exists.</summary>
public static class Presence
{
    /// <summary>Asks once. Only the response "not found" means no; every other failure is thrown, because then it is unknown.</summary>
    /// <param name="ask">The request.</param>
    /// <returns>False: Microsoft says that it does not exist.</returns>
    /// <exception cref="GraphException">Any other failure of the request.</exception>
    public static async Task<bool> IsThereAsync(Func<Task> ask)
    {
        try
        {
            await ask().ConfigureAwait(false);
            return true;
        }
        catch (GraphException exception) when (exception.Kind == GraphErrorKind.NotFound)
        {
            return false;
        }
    }
}
