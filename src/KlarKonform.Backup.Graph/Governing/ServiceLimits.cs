namespace KlarKonform.Backup.Graph.Governing;

/// <summary>
/// Documented limits of a service ("Microsoft Graph service-specific throttling limits", "Avoid getting throttled or blocked in SharePoint
/// Online"), less a share that stays free for an admin's own tools with the same app.
/// </summary>
internal static class ServiceLimits
{
    /// <summary>The share of a documented quota that is used.</summary>
    public const double Share = 0.96;

    // SharePoint and the directory document no concurrency limit: their units run out long before.
    private const int SharedConcurrency = 16;

    // Outlook: one app on one mailbox.
    private const int MailboxConcurrency = 4;
    private const int MailboxRequests = 10_000;

    // Outlook: uploads by one app to one mailbox, in bytes per five minutes.
    private const double MailboxUploadBytes = 150e6;

    // SharePoint: one app in one tenant, by the tenant's licences.
    private static readonly (int Licences, int Minute, int Day)[] s_sharePoint =
    [
        (1_000, 1_250, 1_200_000),
        (5_000, 2_500, 2_400_000),
        (15_000, 3_750, 3_600_000),
        (50_000, 5_000, 4_800_000),
        (int.MaxValue, 6_250, 6_000_000),
    ];

    // Identity: the smallest tenants' units per ten seconds.
    private const int IdentityUnits = 3_500;

    /// <summary>The window of the quota that a service's own headers refer to.</summary>
    public static TimeSpan SharePointWindow { get; } = TimeSpan.FromMinutes(1);

    /// <summary>Window of SharePoint's second quota.</summary>
    public static TimeSpan SharePointDay { get; } = TimeSpan.FromHours(24);

    /// <summary>Window of the directory's token bucket.</summary>
    public static TimeSpan IdentityWindow { get; } = TimeSpan.FromSeconds(10);

    /// <summary>Outlook's quota of bytes written to a mailbox.</summary>
    public static SlidingQuota MailboxUploads() => new(MailboxUploadBytes * Share, TimeSpan.FromMinutes(5));

    public static int Concurrency(GraphService service) => service == GraphService.Outlook ? MailboxConcurrency : SharedConcurrency;

    public static IEnumerable<SlidingQuota> Quotas(GraphService service) =>
        service switch
        {
            GraphService.Outlook => [new SlidingQuota(MailboxRequests * Share, TimeSpan.FromMinutes(10))],
            GraphService.SharePoint =>
            [
                new SlidingQuota(s_sharePoint[0].Minute * Share, SharePointWindow),
                new SlidingQuota(s_sharePoint[0].Day * Share, SharePointDay),
            ],
            _ => [new SlidingQuota(IdentityUnits * Share, IdentityWindow)],
        };

    /// <summary>SharePoint's resource units per minute and per day.</summary>
    public static (int Minute, int Day) SharePointUnitsFor(int licences)
    {
        var (_, minute, day) = s_sharePoint.First(size => licences <= size.Licences);
        return (minute, day);
    }

    /// <summary>The directory's units per ten seconds by the number of users: small below 50, medium to 500, large above.</summary>
    public static int IdentityUnitsFor(int users) =>
        users switch
        {
            < 50 => IdentityUnits,
            <= 500 => 5_000,
            _ => 8_000,
        };
}
