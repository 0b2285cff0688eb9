namespace KlarKonform.Backup.Graph;

/// <summary>Whether what a request asks for is there.</summary>
public static class Presence
{
    /// <summary>Asks once. Only an answer that says "not found" means no; every other failure is thrown, because nobody knows then.</summary>
    /// <param name="ask">The request.</param>
    /// <returns>False: Microsoft says that it is not there.</returns>
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
