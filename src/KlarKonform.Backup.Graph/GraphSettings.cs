namespace KlarKonform.Backup.Graph;

/// <summary>Which cloud, which tenant, which app.</summary>
public sealed record GraphSettings
{
    /// <summary>Scheme and host of the sign-in service.</summary>
    public required Uri AuthorityHost { get; init; }

    /// <summary>
    /// Graph's address with its version, without a slash at the end, for example <c>https://graph.microsoft.com/v1.0</c>.
    /// </summary>
    public required Uri Endpoint { get; init; }

    /// <summary>Tenant id or domain.</summary>
    public required string TenantId { get; init; }

    /// <summary>
    /// The app registration's client id; with a managed identity the user-assigned identity's, or empty for the system-assigned one.
    /// </summary>
    public required string ClientId { get; init; }

    /// <summary>Whether the authority is not one of Microsoft's, so that its metadata must not be looked up at Microsoft.</summary>
    public bool CustomAuthority { get; init; }

    /// <summary>The scope of all permissions that the admin has consented to.</summary>
    public string Scope => Endpoint.GetLeftPart(UriPartial.Authority) + "/.default";
}
