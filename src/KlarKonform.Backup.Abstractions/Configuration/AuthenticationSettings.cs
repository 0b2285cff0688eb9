namespace KlarKonform.Backup;

/// <summary>How the app signs in.</summary>
public sealed record AuthenticationSettings
{
    /// <summary>The way to sign in.</summary>
    public AuthenticationMethod Method { get; init; }

    /// <summary>
    /// The client secret, or the certificate with its private key (PFX as base64 or bytes, or PEM), as <c>vault/name</c>.
    /// </summary>
    public string? Secret { get; init; }

    /// <summary>The certificate's password as <c>vault/name</c>, if it has one.</summary>
    public string? CertificatePassword { get; init; }

    /// <summary>
    /// A certificate from the user's or the machine's personal store, by its SHA-1 thumbprint; instead of <see cref="Secret"/>.
    /// </summary>
    public string? Thumbprint { get; init; }

    /// <summary>For a workload identity: the file with the other provider's token; null means AZURE_FEDERATED_TOKEN_FILE.</summary>
    public string? TokenFile { get; init; }
}
