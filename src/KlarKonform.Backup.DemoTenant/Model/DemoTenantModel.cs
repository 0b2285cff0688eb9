namespace KlarKonform.Backup.DemoTenant.Model;

/// <summary>Everything in the tenant. Guarded by a lock on the object; every HTTP request and every change takes it.</summary>
public sealed class DemoTenantModel(string tenantId)
{
    private long _sequence;

    public string TenantId { get; } = tenantId;

    public List<DemoUser> Users { get; } = [];

    /// <summary>Site collections, including personal ones.</summary>
    public List<DemoSite> Sites { get; } = [];

    public Dictionary<string, DemoOrgContact> OrgContacts { get; } = [];

    public Dictionary<string, DemoGroup> Groups { get; } = [];

    /// <summary>Mails that an app sent: from, to, subject.</summary>
    public List<(string From, string To, string Subject)> SentMails { get; } = [];

    /// <summary>Files that came by WhatsApp, by their ids.</summary>
    public Dictionary<string, DemoMedia> Media { get; } = [];

    public ChangeLog UserChanges { get; } = new();

    public ChangeLog OrgContactChanges { get; } = new();

    public ChangeLog GroupChanges { get; } = new();

    public DemoUser User(string idOrName) =>
        Users.Single(user => user.Id == idOrName || string.Equals(user.UserPrincipalName, idOrName, StringComparison.OrdinalIgnoreCase));

    /// <summary>Every drive: users' and libraries', including those of deleted users.</summary>
    public IEnumerable<DemoDrive> Drives =>
        Users
            .Select(user => user.Drive)
            .OfType<DemoDrive>()
            .Concat(
                Sites
                    .SelectMany(site => site.AndBelow)
                    .SelectMany(site => site.PagesLibrary is { } pages ? site.Libraries.Append(pages) : site.Libraries)
            )
            .Distinct();

    /// <summary>The number of the next change; delta tokens are such numbers.</summary>
    public long NextSequence() => ++_sequence;

    public long Sequence => _sequence;
}
