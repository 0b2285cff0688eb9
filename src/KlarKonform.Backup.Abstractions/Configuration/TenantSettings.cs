namespace KlarKonform.Backup;

/// <summary>The tenant and how to sign in.</summary>
public sealed record TenantSettings
{
    /// <summary>Tenant id or domain.</summary>
    public required string Id { get; init; }

    /// <summary>Global, UsGov, UsGovDod, China or Custom.</summary>
    public BackupCloud Cloud { get; init; }

    /// <summary>For Custom: the sign-in service.</summary>
    public Uri? AuthorityHost { get; init; }

    /// <summary>For Custom: Graph with its version.</summary>
    public Uri? GraphEndpoint { get; init; }

    /// <summary>
    /// The app registration's client id; for a managed identity the user-assigned identity's, or empty for the machine's own.
    /// </summary>
    public required string ClientId { get; init; }

    /// <summary>How the app proves itself.</summary>
    public required AuthenticationSettings Auth { get; init; }

    /// <summary>A PEM file with additional trusted root certificates, or null.</summary>
    public string? CaCertificate { get; init; }
}
