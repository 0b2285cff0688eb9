using KlarKonform.Backup.Graph.Directory;

namespace KlarKonform.Backup.Engine.Checks;

/// <summary>Whether the address book can be read.</summary>
internal sealed class DirectoryCheck : IConnectionCheck
{
    public string Title => Texts.Get("Check_Directory");

    public IReadOnlyList<Type> Needs => [typeof(SignInCheck)];

    public async Task<CheckOutcome?> RunAsync(CheckContext context, CancellationToken cancellationToken)
    {
        await new DirectoryApi(context.Graph.Client).ProbeAsync(cancellationToken);
        return CheckOutcome.Works();
    }
}
