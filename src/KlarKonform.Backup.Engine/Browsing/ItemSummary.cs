using System.Globalization;
using System.Text.Json;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Engine.Snapshots.Items;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Engine.Browsing;

/// <summary>What people recognise an item by: the part of a node and its metadata that a list shows and a search examines.</summary>
/// <param name="Name">Its name in the snapshot.</param>
/// <param name="Type">Mail, Event, Contact, User, Group, OrgContact, ListItem, Page, Chat, File or Folder.</param>
/// <param name="Size">Size in bytes.</param>
/// <param name="Time">When it was received, begins, or was last changed; UTC.</param>
internal sealed record ItemSummary(string Name, string Type, long Size, DateTimeOffset Time)
{
    /// <summary>The type of a folder.</summary>
    public const string Folder = "Folder";

    /// <summary>The folder's tree; null for a file.</summary>
    public BlobId? Subtree { get; init; }

    /// <summary>Distinguishes this version of a file from others.</summary>
    public BlobId? Content { get; init; }

    public string? Subject { get; init; }

    public string? From { get; init; }

    public string? To { get; init; }

    public string? Id { get; init; }

    public DateTimeOffset? Deleted { get; init; }

    public static ItemSummary Of(SnapshotEntry entry) => Of(entry.Node);

    public static ItemSummary Of(Node node)
    {
        using var metadata = StoredJson.Metadata(node);
        var (root, graph) = metadata is null ? (default, default) : (metadata.RootElement, metadata.RootElement.Object("graph"));
        var type = node.IsDirectory ? Folder : TypeOf(root.Text("type"));
        return new ItemSummary(node.Name, type, node.IsDirectory ? 0 : (long)node.Size, TimeOf(node, type, graph))
        {
            Subtree = node.Subtree,
            Content = node.Content is { Count: > 0 } content ? content[0] : null,
            Subject = type switch
            {
                "Mail" or "Event" => graph.Text("subject"),
                "Contact" or "User" or "Group" or "OrgContact" => graph.Text("displayName"),
                "Chat" => graph.Text("chat"),
                _ => null,
            },
            From = type switch
            {
                "Mail" => Person(graph.Object("from")),
                "Event" => Person(graph.Object("organizer")),
                "Chat" => string.Join(
                    "; ",
                    graph.Array("participants").Where(each => each.ValueKind == JsonValueKind.String).Select(each => each.GetString())
                ),
                _ => null,
            },
            To = type switch
            {
                "Mail" => People(graph, "toRecipients", "ccRecipients", "bccRecipients"),
                "Contact" => string.Join("; ", graph.Array("emailAddresses").Select(each => each.Text("address"))),
                "User" or "Group" or "OrgContact" => graph.Text("mail"),
                _ => null,
            },
            Id = root.Text("id") is { Length: > 0 } id ? id : null,
            Deleted = root.Time(ItemMetadata.DeletedProperty) is var deleted && deleted != DateTimeOffset.UnixEpoch ? deleted : null,
        };
    }

    /// <summary>As the cmdlets show it.</summary>
    public BackupItem ToItem(string configuration, string snapshot, DateTimeOffset taken, string path)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var (source, resource, _) = SnapshotLayout.PlaceOf(parts);
        return new BackupItem
        {
            Configuration = configuration,
            SnapshotId = snapshot,
            SnapshotTime = taken.ToUniversalTime(),
            Path = path,
            Name = Name,
            Type = Type,
            Source = source,
            Resource = resource,
            Size = Size,
            Time = Time,
            Subject = Subject,
            From = From,
            To = To,
            ItemId = Id,
            Deleted = Deleted ?? DeletedByPath(parts),
        };
    }

    // Below a folder that was deleted as a whole, the folder's name alone says when: its month.
    private static DateTimeOffset? DeletedByPath(string[] parts)
    {
        var at = Array.IndexOf(parts, DeletedItems.Folder);
        return
            at > 0
            && at + 1 < parts.Length
            && DateTime.TryParseExact(parts[at + 1], "yyyy-MM", CultureInfo.InvariantCulture, DateTimeStyles.None, out var month)
            ? new DateTimeOffset(month, TimeSpan.Zero)
            : null;
    }

    private static string TypeOf(string type) =>
        type switch
        {
            "message" => "Mail",
            "event" => "Event",
            "contact" => "Contact",
            "user" => "User",
            "group" => "Group",
            "orgContact" => "OrgContact",
            "listItem" => "ListItem",
            "sitePage" or "page" => "Page",
            "chatMonth" or "chat" => "Chat",
            _ => "File",
        };

    private static DateTimeOffset TimeOf(Node node, string type, JsonElement graph)
    {
        var time = type switch
        {
            "Mail" => graph.Time("receivedDateTime", "sentDateTime"),
            "Event"
                when DateTime.TryParse(
                    graph.Object("start").Text("dateTime"),
                    CultureInfo.InvariantCulture,
                    DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
                    out var start
                ) => new DateTimeOffset(start, TimeSpan.Zero),
            _ => DateTimeOffset.UnixEpoch,
        };
        return time == DateTimeOffset.UnixEpoch ? node.ModTime.Moment.ToUniversalTime() : time.ToUniversalTime();
    }

    private static string? People(JsonElement graph, params ReadOnlySpan<string> names)
    {
        var people = new List<string>();
        foreach (var name in names)
            people.AddRange(graph.Array(name).Select(Person).OfType<string>());
        return people.Count > 0 ? string.Join("; ", people) : null;
    }

    private static string? Person(JsonElement recipient)
    {
        var address = recipient.Object("emailAddress");
        var (name, mail) = (address.Text("name"), address.Text("address"));
        return mail.Length == 0 && name.Length == 0 ? null
            : name.Length == 0 || name == mail ? mail
            : $"{name} <{mail}>";
    }
}
