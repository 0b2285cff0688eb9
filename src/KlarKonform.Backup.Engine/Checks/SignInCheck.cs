using KlarKonform.Backup.Engine.Connections;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Engine.Checks;

/// <summary>Whether the app gets a token for the tenant. Opens the connection to it.</summary>
internal sealed class SignInCheck : IConnectionCheck
{
    public string Title => Texts.Get("Check_SignIn");

    public async Task<CheckOutcome?> RunAsync(CheckContext context, CancellationToken cancellationToken)
    {
        var tenant = context.Configuration.Tenant;
        var factory = new GraphFactory(context.Secrets, context.Time, context.Random);
        context.Graph = await factory.OpenAsync(tenant, GraphLog.None, cancellationToken);
        await context.Graph.Tokens.GetAsync(cancellationToken);
        return CheckOutcome.Passed(tenant.Id);
    }
}
