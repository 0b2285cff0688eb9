namespace KlarKonform.Backup.Graph.Governing;

/// <summary>What a request counts against: Microsoft meters each of these on its own.</summary>
/// <param name="Service">The service behind Graph.</param>
/// <param name="Resource">The mailbox, where the limit is one of the mailbox; else empty.</param>
public readonly record struct GraphScope(GraphService Service, string Resource)
{
    /// <summary>A mailbox: four requests at a time and 10,000 in ten minutes.</summary>
    public static GraphScope Mailbox(string id) => new(GraphService.Outlook, id);

    /// <summary>All drives and sites of the tenant.</summary>
    public static GraphScope Drives { get; } = new(GraphService.SharePoint, "");

    /// <summary>Users, groups and contacts of the tenant.</summary>
    public static GraphScope Directory { get; } = new(GraphService.Identity, "");
}
