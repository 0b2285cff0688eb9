namespace KlarKonform.Backup.Engine.Snapshots;

/// <summary>
/// Where things are stored in a snapshot. The only type that knows it: sources, browser, search, restore and maintenance ask here.
/// <c>/Exchange/(mailbox)/Mail</c>, <c>/OneDrive/(user)</c>, <c>/SharePoint/(site)</c>, <c>/Directory</c>, <c>/WhatsApp</c>, and beside
/// them <c>/.klarkonform</c> with the manifest and one folder of state per resource.
/// </summary>
internal static class SnapshotLayout
{
    /// <summary>The folder of our own state at the snapshot's root.</summary>
    public const string StateFolder = ".klarkonform";

    /// <summary>The folder in it that holds each resource's state.</summary>
    public const string ResourcesFolder = "resources";

    /// <summary>The file in it that says what a run did.</summary>
    public const string ManifestFile = "manifest.json";

    /// <summary>The folder that holds the mailboxes, each with its mail, calendar and contacts.</summary>
    public const string Exchange = "Exchange";

    /// <summary>The path of all resources' state in the snapshot.</summary>
    public static IReadOnlyList<string> States { get; } = [StateFolder, ResourcesFolder];

    /// <summary>The path of a resource's state in the snapshot.</summary>
    public static string[] StatePath(string kind, string id) => [StateFolder, ResourcesFolder, $"{kind}-{id}"];

    /// <summary>The path of a resource's content in the snapshot.</summary>
    /// <param name="kind">One of <see cref="ResourceKinds"/>.</param>
    /// <param name="name">The name of the mailbox, drive or site, as a file name; of no account where a tenant has one of the kind.</param>
    public static string[] ContentPath(string kind, string name) =>
        kind switch
        {
            ResourceKinds.Mail or ResourceKinds.Calendar or ResourceKinds.Contacts => [Exchange, name, kind],
            ResourceKinds.OneDrive or ResourceKinds.SharePoint => [kind, name],
            _ => [kind],
        };

    /// <summary>How many entries of a path make up the resource.</summary>
    /// <param name="top">The path's first entry.</param>
    public static int ResourceDepth(string top) =>
        top switch
        {
            Exchange => 3,
            ResourceKinds.OneDrive or ResourceKinds.SharePoint => 2,
            _ => 1,
        };

    /// <summary>The resource that a path belongs to; kind and name are empty as far as the path is too short to tell them.</summary>
    public static ResourcePlace PlaceOf(IReadOnlyList<string> path) =>
        path switch
        {
            [] => new ResourcePlace("", "", 0),
            [Exchange, ..] => new ResourcePlace(path.Count > 2 ? path[2] : "", path.Count > 1 ? path[1] : "", ResourceDepth(path[0])),
            [var top, ..] => new ResourcePlace(top, NamesItsResources(top) && path.Count > 1 ? path[1] : "", ResourceDepth(top)),
        };

    /// <summary>Whether the entries below a top folder are called by whom they belong to: a mailbox, a site, a telephone number.</summary>
    /// <param name="top">The path's first entry.</param>
    public static bool NamesItsResources(string top) =>
        top is Exchange or ResourceKinds.OneDrive or ResourceKinds.SharePoint or ResourceKinds.WhatsApp;
}
