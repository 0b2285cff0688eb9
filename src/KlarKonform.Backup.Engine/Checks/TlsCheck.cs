using KlarKonform.Backup.Engine.Connections;

namespace KlarKonform.Backup.Engine.Checks;

/// <summary>Which version of TLS is spoken with Microsoft Graph.</summary>
internal sealed class TlsCheck : IConnectionCheck
{
    public string Title => Texts.Get("Check_Tls");

    public IReadOnlyList<Type> Needs => [typeof(SignInCheck)];

    public async Task<CheckOutcome?> RunAsync(CheckContext context, CancellationToken cancellationToken)
    {
        var tenant = context.Configuration.Tenant;
        var endpoint = GraphFactory.SettingsOf(tenant).Endpoint;
        var seen = await EndpointProbe.AskAsync(endpoint, tenant.CaCertificate, null, context.Time, cancellationToken);
        context.ClockAhead = seen.Ahead;
        return CheckOutcome.Passed($"{seen.Protocol}");
    }
}
