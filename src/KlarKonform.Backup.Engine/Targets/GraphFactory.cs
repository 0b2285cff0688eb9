using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Authentication;
using KlarKonform.Backup.Graph.Governing;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Engine.Targets;

/// <summary>Signs in to the tenant that a configuration names.</summary>
internal sealed class GraphFactory(ISecretStore secrets, TimeProvider time, Random random)
{
    public async Task<GraphConnection> OpenAsync(TenantSettings tenant, Action<string>? log, CancellationToken cancellationToken)
    {
        var secret = await secrets.GetAsync(SecretReference.Parse(tenant.Auth.Secret!), cancellationToken).ConfigureAwait(false);
        var settings = SettingsOf(tenant);
        var handler = TrustedHandlers.Create(tenant.CaCertificate);
        var tokens = new GraphTokenSource(settings, secret.Secret, handler, time);
        return new GraphConnection(new GraphClient(settings, tokens, new GraphGovernor(time), handler, time, random, log), tokens, handler);
    }

    /// <summary>Hosts of Microsoft's clouds ("National cloud deployments" in Microsoft's Graph documentation).</summary>
    public static GraphSettings SettingsOf(TenantSettings tenant)
    {
        var (authority, endpoint) = tenant.Cloud switch
        {
            BackupCloud.Global => (new Uri("https://login.microsoftonline.com"), new Uri("https://graph.microsoft.com/v1.0")),
            BackupCloud.UsGov => (new Uri("https://login.microsoftonline.us"), new Uri("https://graph.microsoft.us/v1.0")),
            BackupCloud.UsGovDod => (new Uri("https://login.microsoftonline.us"), new Uri("https://dod-graph.microsoft.us/v1.0")),
            BackupCloud.China => (new Uri("https://login.chinacloudapi.cn"), new Uri("https://microsoftgraph.chinacloudapi.cn/v1.0")),
            _ => (tenant.AuthorityHost!, tenant.GraphEndpoint!),
        };
        return new GraphSettings
        {
            AuthorityHost = authority,
            Endpoint = endpoint,
            TenantId = tenant.Id,
            ClientId = tenant.ClientId,
            CustomAuthority = tenant.Cloud == BackupCloud.Custom,
        };
    }
}
