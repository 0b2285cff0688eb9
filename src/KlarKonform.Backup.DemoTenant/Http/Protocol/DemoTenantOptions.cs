using System.Security.Cryptography.X509Certificates;
using KlarKonform.Backup.DemoTenant.Generation;

namespace KlarKonform.Backup.DemoTenant.Http.Protocol;

/// <summary>How the stand-in runs.</summary>
public sealed record DemoTenantOptions
{
    public TenantSizes Sizes { get; init; } = new();

    /// <summary>The clock that the Date header of answers shows; null for this computer's.</summary>
    public Func<DateTimeOffset>? Clock { get; init; }

    /// <summary>Port of the sign-in and Graph endpoint on 127.0.0.1; 0 lets the system choose.</summary>
    public int Port { get; init; }

    public string TenantId { get; init; } = "7d2f3c1a-5b8e-4f60-9a1c-0d9e8f7a6b5c";

    public string ClientId { get; init; } = "11111111-2222-3333-4444-555555555555";

    public string ClientSecret { get; init; } = "demo-secret-value";

    /// <summary>A secret that was right once: answers AADSTS7000222.</summary>
    public string ExpiredSecret { get; init; } = "demo-expired-secret";

    /// <summary>Certificates that the app may sign in with: their public part.</summary>
    public IReadOnlyList<X509Certificate2> Certificates { get; init; } = [];

    /// <summary>Another identity provider's token that a federated credential of the app trusts.</summary>
    public string? FederatedToken { get; init; }

    /// <summary>The secret header of the machine's managed identity endpoint, which is <c>/msi/token</c>.</summary>
    public string ManagedIdentityHeader { get; init; } = "demo-identity-header";

    /// <summary>The token of Meta's system user.</summary>
    public string MetaAccessToken { get; init; } = "demo-meta-token";

    /// <summary>The secret that Meta signs webhooks with.</summary>
    public string MetaAppSecret { get; init; } = "demo-app-secret";

    /// <summary>Seconds that an access token lives.</summary>
    public int TokenSeconds { get; init; } = 3599;

    /// <summary>Added to every Graph answer.</summary>
    public TimeSpan Latency { get; init; }

    /// <summary>Share of requests that fail with a transient fault: a reset, 429, 503, 504.</summary>
    public double FaultRate { get; init; }

    /// <summary>Whether the hierarchy's delta shows hidden folders when it is asked to; Microsoft's documentation leaves that open.</summary>
    public bool HiddenFoldersInDelta { get; init; } = true;

    /// <summary>Whether messages' delta knows <c>$expand</c>, as documented; some have met a 500.</summary>
    public bool ExpandsInDelta { get; init; } = true;

    /// <summary>Whether drive items carry a pre-authenticated download address.</summary>
    public bool DownloadAddresses { get; init; } = true;

    /// <summary>Documented for one app in one tenant of up to 1,000 licences.</summary>
    public int SharePointUnitsPerMinute { get; init; } = 1250;

    /// <summary>Whether the download host serves those too who send it a bearer token, as rclone does. It counts as a violation all the same.</summary>
    public bool ToleratesTokensOnDownloads { get; init; }

    /// <summary>Share of SharePoint's units from which on answers carry RateLimit headers.</summary>
    public double RateLimitShownFrom { get; init; } = 0.8;

    /// <summary>Further names of the server in its certificate, for clients that know Microsoft's alone.</summary>
    public IReadOnlyList<string> HostNames { get; init; } = [];

    /// <summary>Documented for the smallest tenants.</summary>
    public int IdentityUnitsPerTenSeconds { get; init; } = 3500;

    /// <summary>Application permissions that the admin has consented to.</summary>
    public IReadOnlySet<string> Permissions { get; init; } =
        new HashSet<string> { "Mail.Read", "User.Read.All", "Files.Read.All", "Sites.Read.All", "Calendars.Read", "Contacts.Read", "OrgContact.Read.All", "Group.Read.All" };
}
