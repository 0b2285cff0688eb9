using KlarKonform.Backup.Engine.Connections;

namespace KlarKonform.Backup.Engine.Checks;

/// <summary>
/// Whether a permission is among the token's roles, if they can be read. Those that Exchange grants itself are not, so a missing one is a
/// warning; the probes decide.
/// </summary>
internal sealed class PermissionCheck(string permission) : IConnectionCheck
{
    public string Title => Texts.Get("Check_Permission", permission);

    public IReadOnlyList<Type> Needs => [typeof(SignInCheck)];

    public async Task<CheckOutcome?> RunAsync(CheckContext context, CancellationToken cancellationToken)
    {
        if (await context.Graph.Tokens.RolesAsync(cancellationToken) is not { } roles)
            return null;
        var tenant = context.Configuration.Tenant;
        return roles.Contains(permission)
            ? CheckOutcome.Works()
            : CheckOutcome.Warning(Texts.Get("Check_PermissionMissing", permission, tenant.ClientId, ConsentOf(tenant)));
    }

    private static string ConsentOf(TenantSettings tenant) =>
        $"{GraphFactory.SettingsOf(tenant).AuthorityHost.ToString().TrimEnd('/')}/{tenant.Id}/adminconsent?client_id={tenant.ClientId}";
}
