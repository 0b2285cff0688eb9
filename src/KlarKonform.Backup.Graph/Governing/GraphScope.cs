namespace KlarKonform.Backup.Graph.Governing;

/// <summary>What a request counts against: Microsoft meters each of these separately.</summary>
/// <param name="Service">The service behind Graph.</param>
/// <param name="Resource">The mailbox or drive. A mailbox has a limit of its own; drives share the tenant's, and take turns.</param>
public readonly record struct GraphScope(GraphService Service, string Resource)
{
    /// <summary>A mailbox: four concurrent requests, and 10,000 in ten minutes.</summary>
    public static GraphScope Mailbox(string id) => new(GraphService.Outlook, id);

    /// <summary>A drive or site: all of a tenant share resource units.</summary>
    public static GraphScope Drive(string id) => new(GraphService.SharePoint, id);

    /// <summary>Users, groups and contacts of the tenant.</summary>
    public static GraphScope Directory { get; } = new(GraphService.Identity, "");

    /// <summary>The scope whose limit this one shares.</summary>
    internal GraphScope Limit => Service == GraphService.Outlook ? this : this with { Resource = "" };
}
