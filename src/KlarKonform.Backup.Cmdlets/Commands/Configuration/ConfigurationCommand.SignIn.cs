using System.Management.Automation;
using System.Net;
using System.Security;
using KlarKonform.Backup.Cmdlets.Completion;

namespace KlarKonform.Backup.Cmdlets.Commands.Configuration;

/// <content>Tenant and sign-in.</content>
public abstract partial class ConfigurationCommand
{
    private string? _certificate;

    /// <summary>Tenant id or domain.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string? TenantId { get; set; }

    /// <summary>The app registration's client id.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string? ClientId { get; set; }

    /// <summary>Microsoft's cloud.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public BackupCloud Cloud { get; set; }

    /// <summary>For the cloud Custom: the sign-in service.</summary>
    [Parameter]
    public Uri? AuthorityHost { get; set; }

    /// <summary>For the cloud Custom: Graph with its version.</summary>
    [Parameter]
    public Uri? GraphEndpoint { get; set; }

    /// <summary>PEM file with additional root certificates for Graph and sign-in.</summary>
    [Parameter]
    public string? CaCertificate { get; set; }

    /// <summary>The client secret; stored in the vault at once.</summary>
    [Parameter]
    public SecureString? ClientSecret { get; set; }

    /// <summary>The client secret's name as vault/name.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(SecretNameCompleter))]
    public string? ClientSecretName { get; set; }

    /// <summary>How the app signs in; implied by the parameters below, except for a managed identity.</summary>
    [Parameter]
    public AuthenticationMethod AuthenticationMethod { get; set; }

    /// <summary>PFX or PEM file with certificate and private key; its content is stored in the vault at once.</summary>
    [Parameter]
    public string? CertificateFile { get; set; }

    /// <summary>The password of -CertificateFile; the vault stores the certificate without it.</summary>
    [Parameter]
    public SecureString? CertificatePassword { get; set; }

    /// <summary>The certificate's name as vault/name.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(SecretNameCompleter))]
    public string? CertificateName { get; set; }

    /// <summary>Name of the password of -CertificateName as vault/name.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(SecretNameCompleter))]
    public string? CertificatePasswordName { get; set; }

    /// <summary>Thumbprint of a certificate in the user's or the machine's personal store.</summary>
    [Parameter]
    public string? CertificateThumbprint { get; set; }

    /// <summary>File with another identity provider's token.</summary>
    [Parameter]
    public string? FederatedTokenFile { get; set; }

    /// <summary>Reads -CertificateFile; must be called before <see cref="Apply"/>.</summary>
    private protected async Task ReadCertificateAsync(CancellationToken cancellationToken)
    {
        if (CertificateFile is null)
            return;
        var file = await OnPipelineAsync(() => FullPath(CertificateFile), cancellationToken).ConfigureAwait(false);
        var password = CertificatePassword is null ? null : new NetworkCredential("", CertificatePassword).Password;
        _certificate = await Engine.ReadCertificateAsync(file, password, cancellationToken).ConfigureAwait(false);
    }

    private TenantSettings ApplyTenant(TenantSettings present, Func<string, object?, string?, string?, string?> secret) =>
        present with
        {
            Id = TenantId ?? present.Id,
            ClientId = ClientId ?? present.ClientId,
            Cloud = Given(nameof(Cloud)) ? Cloud : present.Cloud,
            AuthorityHost = AuthorityHost ?? present.AuthorityHost,
            GraphEndpoint = GraphEndpoint ?? present.GraphEndpoint,
            CaCertificate = CaCertificate is null ? present.CaCertificate : FullPath(CaCertificate),
            Auth = ApplyAuthentication(present.Auth, secret),
        };

    // A new way to sign in replaces the old one and everything that belonged to it.
    private AuthenticationSettings ApplyAuthentication(
        AuthenticationSettings present,
        Func<string, object?, string?, string?, string?> secret
    )
    {
        var certificate = CertificateFile ?? CertificateName ?? CertificateThumbprint;
        var ways = new List<AuthenticationMethod>();
        if (ClientSecret is not null || ClientSecretName is not null)
            ways.Add(AuthenticationMethod.ClientSecret);
        if (certificate is not null)
            ways.Add(AuthenticationMethod.ClientCertificate);
        if (FederatedTokenFile is not null)
            ways.Add(AuthenticationMethod.WorkloadIdentity);
        if (Given(nameof(AuthenticationMethod)))
            ways.Add(AuthenticationMethod);
        if (ways.Distinct().Count() > 1)
            throw new BackupException(
                ErrorIds.SignInAmbiguous,
                BackupErrorCategory.InvalidArgument,
                null,
                string.Join(", ", ways.Distinct())
            );
        var method = ways.Count > 0 ? ways[0] : present.Method;
        var old = method == present.Method ? present : new AuthenticationSettings();
        return method switch
        {
            AuthenticationMethod.ClientSecret => new AuthenticationSettings
            {
                Method = method,
                Secret = secret("ClientSecret", ClientSecret, ClientSecretName, old.Secret),
            },
            AuthenticationMethod.ClientCertificate when certificate is null => old with
            {
                Method = method,
                CertificatePassword = CertificatePasswordName ?? old.CertificatePassword,
            },
            AuthenticationMethod.ClientCertificate => new AuthenticationSettings
            {
                Method = method,
                Thumbprint = CertificateThumbprint,
                Secret = secret(
                    "Certificate",
                    _certificate is null ? null : new NetworkCredential("", _certificate).SecurePassword,
                    CertificateName,
                    null
                ),
                CertificatePassword = CertificatePasswordName,
            },
            AuthenticationMethod.WorkloadIdentity => new AuthenticationSettings
            {
                Method = method,
                TokenFile = FederatedTokenFile is null ? old.TokenFile : FullPath(FederatedTokenFile),
            },
            _ => new AuthenticationSettings { Method = method },
        };
    }
}
