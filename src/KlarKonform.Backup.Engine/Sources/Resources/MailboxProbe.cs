using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Directory;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Engine.Sources.Resources;

/// <summary>
/// Whether a user's mailbox or drive is gone together with the user. One that does not answer while its user exists is a failure, not a
/// departure.
/// </summary>
internal static class MailboxProbe
{
    /// <summary>Requests the mailbox or drive, and if that is not found, the user.</summary>
    /// <exception cref="GraphException">The error; <see cref="GraphErrorKind.ResourceGone"/> only if the user is gone too.</exception>
    public static async Task AskAsync(
        Func<CancellationToken, Task> ask,
        GraphClient client,
        GraphUser user,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await ask(cancellationToken);
        }
        catch (GraphException exception) when (exception.Kind is GraphErrorKind.NotFound or GraphErrorKind.ResourceGone)
        {
            throw await new DirectoryApi(client).ExistsAsync(user.Id, cancellationToken)
                ? exception.OfResource(GraphErrorKind.Other)
                : exception.OfResource(GraphErrorKind.ResourceGone);
        }
    }
}
