using System.Security.Cryptography.X509Certificates;

namespace KlarKonform.Backup.Graph.Authentication;

/// <summary>How the app proves itself to the sign-in service.</summary>
public abstract record GraphCredential
{
    private GraphCredential() { }

    /// <summary>A client secret.</summary>
    public sealed record ClientSecret(string Secret) : GraphCredential
    {
        /// <inheritdoc />
        public override string ToString() => nameof(ClientSecret); // Never the value.
    }

    /// <summary>A certificate with its private key.</summary>
    public sealed record ClientCertificate(X509Certificate2 Certificate) : GraphCredential;

    /// <summary>
    /// The identity that Azure gives the machine: a virtual machine, an App Service, an Automation account. No secret anywhere.
    /// </summary>
    public sealed record ManagedIdentity : GraphCredential;

    /// <summary>Another identity provider's token, in a file that it renews: Kubernetes, GitHub Actions.</summary>
    /// <param name="TokenFile">The file, or null for the one that AZURE_FEDERATED_TOKEN_FILE names.</param>
    public sealed record WorkloadIdentity(string? TokenFile) : GraphCredential;
}
