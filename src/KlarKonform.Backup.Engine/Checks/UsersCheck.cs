using KlarKonform.Backup.Graph.Directory;

namespace KlarKonform.Backup.Engine.Checks;

/// <summary>Whether the users can be listed. The later checks try some of them.</summary>
internal sealed class UsersCheck : IConnectionCheck
{
    public string Title => Texts.Get("Check_Users");

    public IReadOnlyList<Type> Needs => [typeof(SignInCheck)];

    public async Task<CheckOutcome?> RunAsync(CheckContext context, CancellationToken cancellationToken)
    {
        await foreach (var user in new DirectoryApi(context.Graph.Client).UsersAsync(cancellationToken))
            context.Users.Add(user);
        return CheckOutcome.Passed(Texts.Get("Check_UserCount", context.Users.Count));
    }
}
