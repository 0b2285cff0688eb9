namespace KlarKonform.Backup.Graph.Governing;

/// <summary>
/// Documented limits of a service ("Microsoft Graph service-specific throttling limits", "Avoid getting throttled or blocked in
/// SharePoint Online"), less a share that stays free for an admin's own tools of the same app.
/// </summary>
internal static class ServiceLimits
{
    /// <summary>The share of a documented quota that is used.</summary>
    public const double Share = 0.96;

    // SharePoint and the directory name no concurrency: their units bind long before.
    private const int SharedConcurrency = 16;

    // Outlook: one app on one mailbox.
    private const int MailboxConcurrency = 4;
    private const int MailboxRequests = 10_000;

    // SharePoint: one app in one tenant of up to 1,000 licences; larger tenants have more, and say so in RateLimit-Limit.
    private const int SharePointUnitsPerMinute = 1_250;
    private const int SharePointUnitsPerDay = 1_200_000;

    // Identity: the smallest tenants' units per ten seconds.
    private const int IdentityUnits = 3_500;

    /// <summary>The window of the quota that a service's own headers speak of.</summary>
    public static TimeSpan SharePointWindow { get; } = TimeSpan.FromMinutes(1);

    /// <summary>Window of the directory's token bucket.</summary>
    public static TimeSpan IdentityWindow { get; } = TimeSpan.FromSeconds(10);

    public static int Concurrency(GraphService service) => service == GraphService.Outlook ? MailboxConcurrency : SharedConcurrency;

    public static IEnumerable<SlidingQuota> Quotas(GraphService service) => service switch
    {
        GraphService.Outlook => [new SlidingQuota(MailboxRequests * Share, TimeSpan.FromMinutes(10))],
        GraphService.SharePoint => [new SlidingQuota(SharePointUnitsPerMinute * Share, SharePointWindow), new SlidingQuota(SharePointUnitsPerDay * Share, TimeSpan.FromHours(24))],
        _ => [new SlidingQuota(IdentityUnits * Share, IdentityWindow)],
    };

    /// <summary>The directory's units per ten seconds by the number of users: small below 50, medium to 500, large above.</summary>
    public static int IdentityUnitsFor(int users) => users switch
    {
        < 50 => IdentityUnits,
        <= 500 => 5_000,
        _ => 8_000,
    };
}
