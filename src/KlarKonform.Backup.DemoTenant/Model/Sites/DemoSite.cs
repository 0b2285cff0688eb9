namespace KlarKonform.Backup.DemoTenant.Model;

/// <summary>A SharePoint site: the root of a site collection, or a subsite.</summary>
public sealed class DemoSite
{
    public required string Id { get; init; }

    public required string Title { get; set; }

    /// <summary>Path on the host, such as <c>/sites/Vertrieb</c>; empty for the tenant's root site.</summary>
    public required string Path { get; init; }

    /// <summary>The host; personal sites have one of their own.</summary>
    public string Host { get; init; } = "demo.sharepoint.example";

    /// <summary>The user whose personal site it is, even after the user was deleted.</summary>
    public (string Id, string Name)? Owner { get; init; }

    /// <summary>Set to no access by an admin.</summary>
    public bool IsLocked { get; set; }

    public List<DemoSite> Subsites { get; } = [];

    public List<DemoDrive> Libraries { get; } = [];

    /// <summary>
    /// The library that contains the pages' files. It is not in any listing of drives or lists, unless it is marked as listed.
    /// </summary>
    public DemoDrive? PagesLibrary { get; set; }

    public List<DemoList> Lists { get; } = [];

    public List<DemoPage> Pages { get; } = [];

    public string WebUrl => $"https://{Host}{Path}";

    public IEnumerable<DemoSite> AndBelow => Subsites.SelectMany(site => site.AndBelow).Prepend(this);
}
