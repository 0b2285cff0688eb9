using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Directory;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Engine.Checks;

/// <summary>Whether something of a user can be read: tried with users until one has it.</summary>
internal abstract class UserCheck : IConnectionCheck
{
    // Enough users to find a suitable one without reading the whole tenant.
    private const int UsersToTry = 20;

    public abstract string Title { get; }

    public IReadOnlyList<Type> Needs => [typeof(SignInCheck)];

    public async Task<CheckOutcome?> RunAsync(CheckContext context, CancellationToken cancellationToken)
    {
        foreach (var user in context.Users.Take(UsersToTry))
        {
            try
            {
                await ProbeAsync(context.Graph.Client, user, cancellationToken);
                return CheckOutcome.Passed(user.UserPrincipalName);
            }
            catch (GraphException exception)
                when (exception.Kind is GraphErrorKind.NotProvisioned or GraphErrorKind.NotFound or GraphErrorKind.ResourceGone)
            {
                // This user has none; the next may.
            }
        }

        return CheckOutcome.Warning(Texts.Get("Check_NothingToProbe"));
    }

    /// <summary>Reads as little as possible of it.</summary>
    /// <exception cref="GraphException">NotProvisioned, NotFound or ResourceGone: this user has none.</exception>
    protected abstract Task ProbeAsync(GraphClient client, GraphUser user, CancellationToken cancellationToken);
}
