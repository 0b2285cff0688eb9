namespace KlarKonform.Backup.DemoTenant.Drift;

/// <summary>What a path of Graph's stands for.</summary>
internal enum DriftKind
{
    /// <summary>Entries of a part, page by page.</summary>
    Listing,

    /// <summary>The same, with a link to the next round.</summary>
    Delta,

    /// <summary>A listing that nothing else can replace: its entries are altered, the listing itself is not.</summary>
    EntriesOnly,

    /// <summary>One item's properties.</summary>
    Entity,

    /// <summary>Details of an item, as JSON.</summary>
    Detail,

    /// <summary>An item's bytes, or a photo's or attachment's.</summary>
    Content,
}

/// <summary>Where an answer comes from.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Target">The item or part concerned.</param>
/// <param name="Prefix">The prefix of an entry's id in the record: a list's rows only have numbers.</param>
/// <param name="CanSkip">Whether a damaged entry of this listing can be skipped, so that it affects only itself.</param>
internal sealed record DriftPlace(DriftKind Kind, string Target, string Prefix = "", bool CanSkip = false)
{
    /// <summary>The place that a path leads to, or null if it is not to be altered.</summary>
    public static DriftPlace? Of(string path)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return parts switch
        {
            ["users"] or ["sites", "getAllSites"] => new(DriftKind.EntriesOnly, "tenant"),
            ["users" or "contacts" or "groups", "delta"] => new(DriftKind.Delta, parts[0]),
            ["users" or "contacts" or "groups", var id] => new(DriftKind.Entity, id),
            ["users", var user, "photo", "$value"] => new(DriftKind.Content, user),
            ["users", var user, "drive"] => new(DriftKind.Detail, "drive:" + user),
            ["users", var user, .. var rest] => OfMailbox(user, rest),
            ["drives", var drive] => new(DriftKind.Entity, drive),
            ["drives", var drive, "root"] => new(DriftKind.Entity, drive),
            ["drives", var drive, "root", "delta"] => new(DriftKind.Delta, drive),
            ["drives", _, "items", var item] => new(DriftKind.Entity, item),
            ["drives", _, "items", var item, "permissions" or "versions" or "listItem"] => new(DriftKind.Detail, item),
            ["drives", _, "items", var item, .., "content"] => new(DriftKind.Content, item),
            ["sites", var site, .. var rest] => OfSite(site, rest),
            _ => null,
        };
    }

    private static DriftPlace? OfMailbox(string user, string[] rest) =>
        rest switch
        {
            ["mailFolders" or "contactFolders", "delta"] => new(DriftKind.Delta, $"{rest[0]}:{user}"),
            ["mailFolders" or "calendars"] => new(DriftKind.Listing, $"{rest[0]}:{user}"),
            ["mailFolders", _, "childFolders"] => new(DriftKind.Listing, $"mailFolders:{user}"),
            ["mailFolders" or "contactFolders", var folder, "messages" or "contacts", "delta"] => new(
                DriftKind.Delta,
                folder,
                CanSkip: true
            ),
            ["mailFolders" or "contactFolders" or "calendars", var folder, "messages" or "contacts" or "events"] => new(
                DriftKind.Listing,
                folder,
                CanSkip: true
            ),
            ["contacts"] => new(DriftKind.Listing, $"contactFolders:{user}", CanSkip: true),
            ["mailFolders" or "contactFolders", var name] when name.All(char.IsAsciiLetterLower) => new(
                DriftKind.Entity,
                $"{rest[0]}:{user}"
            ),
            ["mailFolders" or "contactFolders" or "calendars" or "messages" or "events" or "contacts", var id] => new(DriftKind.Entity, id),
            ["messages" or "events", var id, "attachments"] => new(DriftKind.Detail, id),
            ["messages" or "events" or "contacts", var id, .., "$value"] => new(DriftKind.Content, id),
            _ => null,
        };

    private static DriftPlace? OfSite(string site, string[] rest) =>
        rest switch
        {
            [] => new(DriftKind.Entity, site),
            ["sites" or "drives" or "lists"] => new(DriftKind.Listing, $"{rest[0]}:{site}"),
            ["drive"] => new(DriftKind.Detail, site),
            ["lists", "Site Pages", ..] => null,
            ["lists", var list] => new(DriftKind.Entity, list),
            ["lists", var list, "drive"] => new(DriftKind.Detail, list),
            ["lists", var list, "columns"] => new(DriftKind.Detail, $"columns:{list}"),
            ["lists", var list, "items", "delta"] => new(DriftKind.Delta, list, list + "/"),
            ["lists", var list, "items"] => new(DriftKind.Listing, list, list + "/"),
            ["lists", var list, "items", var number] => new(DriftKind.Entity, $"{list}/{number}"),
            ["pages", "microsoft.graph.sitePage"] => new(DriftKind.Listing, $"pages:{site}"),
            ["pages", var page, "microsoft.graph.sitePage"] => new(DriftKind.Entity, page),
            _ => null,
        };
}
