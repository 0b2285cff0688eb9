using KlarKonform.Backup.DemoTenant.Generation;

namespace KlarKonform.Backup.DemoTenant.Http;

/// <summary>How the stand-in runs.</summary>
public sealed record DemoTenantOptions
{
    public TenantSizes Sizes { get; init; } = new();

    /// <summary>Port of the sign-in and Graph endpoint on 127.0.0.1; 0 lets the system choose.</summary>
    public int Port { get; init; }

    public string TenantId { get; init; } = "7d2f3c1a-5b8e-4f60-9a1c-0d9e8f7a6b5c";

    public string ClientId { get; init; } = "11111111-2222-3333-4444-555555555555";

    public string ClientSecret { get; init; } = "demo-secret-value";

    /// <summary>A secret that was right once: answers AADSTS7000222.</summary>
    public string ExpiredSecret { get; init; } = "demo-expired-secret";

    /// <summary>Added to every Graph answer.</summary>
    public TimeSpan Latency { get; init; }

    /// <summary>Application permissions that the admin has consented to.</summary>
    public IReadOnlySet<string> Permissions { get; init; } =
        new HashSet<string> { "Mail.Read", "User.Read.All", "Files.Read.All", "Sites.Read.All", "Calendars.Read", "Contacts.Read" };
}
