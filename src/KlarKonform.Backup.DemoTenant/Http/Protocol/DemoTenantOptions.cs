using System.Security.Cryptography.X509Certificates;
using KlarKonform.Backup.DemoTenant.Generation;

namespace KlarKonform.Backup.DemoTenant.Http.Protocol;

/// <summary>Options of the stand-in.</summary>
public sealed record DemoTenantOptions
{
    public TenantSizes Sizes { get; init; } = new();

    /// <summary>The clock for the Date header of answers; null for this computer's.</summary>
    public Func<DateTimeOffset>? Clock { get; init; }

    /// <summary>Port of the sign-in and Graph endpoint on 127.0.0.1; 0 lets the system choose.</summary>
    public int Port { get; init; }

    public string TenantId { get; init; } = "7d2f3c1a-5b8e-4f60-9a1c-0d9e8f7a6b5c";

    public string ClientId { get; init; } = "11111111-2222-3333-4444-555555555555";

    public string ClientSecret { get; init; } = "demo-secret-value";

    /// <summary>A secret that was valid once: answers AADSTS7000222.</summary>
    public string ExpiredSecret { get; init; } = "demo-expired-secret";

    /// <summary>The public part of the certificates with which the app may sign in.</summary>
    public IReadOnlyList<X509Certificate2> Certificates { get; init; } = [];

    /// <summary>Another identity provider's token that a federated credential of the app trusts.</summary>
    public string? FederatedToken { get; init; }

    /// <summary>The secret header of the machine's managed identity endpoint, which is <c>/msi/token</c>.</summary>
    public string ManagedIdentityHeader { get; init; } = "demo-identity-header";

    /// <summary>The token of Meta's system user.</summary>
    public string MetaAccessToken { get; init; } = "demo-meta-token";

    /// <summary>The secret with which Meta signs webhooks.</summary>
    public string MetaAppSecret { get; init; } = "demo-app-secret";

    /// <summary>Lifetime of an access token in seconds.</summary>
    public int TokenSeconds { get; init; } = 3599;

    /// <summary>Delay added to every Graph answer.</summary>
    public TimeSpan Latency { get; init; }

    /// <summary>Share of requests that fail with a transient fault: a reset, 429, 503, 504.</summary>
    public double FaultRate { get; init; }

    /// <summary>Whether the hierarchy's delta shows hidden folders if requested; Microsoft's documentation leaves that open.</summary>
    public bool HiddenFoldersInDelta { get; init; } = true;

    /// <summary>Whether messages' delta supports <c>$expand</c>, as documented; some users have met a 500.</summary>
    public bool ExpandsInDelta { get; init; } = true;

    /// <summary>Whether drive items contain a pre-authenticated download URL.</summary>
    public bool DownloadAddresses { get; init; } = true;

    /// <summary>The documented limit for one app in one tenant of up to 1,000 licences.</summary>
    public int SharePointUnitsPerMinute { get; init; } = 1250;

    /// <summary>
    /// Whether the download host also serves clients that send it a bearer token, as rclone does. It counts as a violation nevertheless.
    /// </summary>
    public bool ToleratesTokensOnDownloads { get; init; }

    /// <summary>Share of SharePoint's units above which answers contain RateLimit headers.</summary>
    public double RateLimitShownFrom { get; init; } = 0.8;

    /// <summary>Additional names of the server in its certificate, for clients that only know Microsoft's names.</summary>
    public IReadOnlyList<string> HostNames { get; init; } = [];

    /// <summary>The documented limit for the smallest tenants.</summary>
    public int IdentityUnitsPerTenSeconds { get; init; } = 3500;

    /// <summary>Application permissions that the admin has consented to.</summary>
    public IReadOnlySet<string> Permissions { get; init; } =
        new HashSet<string>
        {
            "Mail.Read",
            "User.Read.All",
            "Files.Read.All",
            "Sites.Read.All",
            "Calendars.Read",
            "Contacts.Read",
            "OrgContact.Read.All",
            "Group.Read.All",
        };
}
