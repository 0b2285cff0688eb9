using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Authentication;
using KlarKonform.Backup.Graph.Governing;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Engine.Connections;

/// <summary>Signs in to a configuration's tenant.</summary>
/// <param name="secrets">Its secrets.</param>
/// <param name="time">Clock and pauses.</param>
/// <param name="random">Jitter.</param>
/// <param name="moved">Called when Graph has transferred something, or null.</param>
internal sealed class GraphFactory(ISecretStore secrets, TimeProvider time, Random random, Action? moved = null)
{
    public async Task<GraphConnection> OpenAsync(TenantSettings tenant, GraphLog log, CancellationToken cancellationToken)
    {
        var credential = await CredentialAsync(tenant.Auth, cancellationToken);
        var settings = SettingsOf(tenant);
        var handler = TrustedHandlers.Create(tenant.CaCertificate, time: time, moved: moved);
        var tokens = new GraphTokenSource(settings, credential, handler, time);
        return new GraphConnection(new GraphClient(settings, tokens, new GraphGovernor(time), handler, time, random, log), tokens, handler);
    }

    /// <summary>A request log that writes to an observer.</summary>
    public static GraphLog LogTo(IBackupObserver observer) => new(observer.Verbose, observer.WantsDebug ? observer.Debug : null);

    private async Task<GraphCredential> CredentialAsync(AuthenticationSettings auth, CancellationToken cancellationToken)
    {
        switch (auth.Method)
        {
            case AuthenticationMethod.ManagedIdentity:
                return new GraphCredential.ManagedIdentity();
            case AuthenticationMethod.WorkloadIdentity:
                return new GraphCredential.WorkloadIdentity(auth.TokenFile);
            case AuthenticationMethod.ClientCertificate when auth.Thumbprint is not null:
                return new GraphCredential.ClientCertificate(SignInCertificate.FromStore(auth.Thumbprint));
            case AuthenticationMethod.ClientCertificate:
                var certificate = await SecretAsync(auth.Secret!, cancellationToken);
                var password = auth.CertificatePassword is null ? null : await SecretAsync(auth.CertificatePassword, cancellationToken);
                return new GraphCredential.ClientCertificate(SignInCertificate.Parse(certificate, password, auth.Secret!));
            default:
                return new GraphCredential.ClientSecret(await SecretAsync(auth.Secret!, cancellationToken));
        }
    }

    private async Task<string> SecretAsync(string name, CancellationToken cancellationToken) =>
        (await secrets.GetAsync(SecretReference.Parse(name), cancellationToken)).Secret;

    /// <summary>Hosts of Microsoft's clouds ("National cloud deployments" in Microsoft's Graph documentation).</summary>
    public static GraphSettings SettingsOf(TenantSettings tenant)
    {
        var (authority, endpoint) = tenant.Cloud switch
        {
            BackupCloud.Global => (new Uri("https://login.microsoftonline.com"), new Uri("https://graph.microsoft.com/v1.0")),
            BackupCloud.UsGov => (new Uri("https://login.microsoftonline.us"), new Uri("https://graph.microsoft.us/v1.0")),
            BackupCloud.UsGovDod => (new Uri("https://login.microsoftonline.us"), new Uri("https://dod-graph.microsoft.us/v1.0")),
            BackupCloud.China => (
                new Uri("https://login.partner.microsoftonline.cn"),
                new Uri("https://microsoftgraph.chinacloudapi.cn/v1.0")
            ),
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
