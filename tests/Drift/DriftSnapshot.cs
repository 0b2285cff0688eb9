using System.Text.Json.Nodes;
using KlarKonform.Backup.Repository;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Snapshots;
using KlarKonform.Backup.Repository.Trees;
using KlarKonform.Backup.Storage.Folder;

namespace KlarKonform.Backup.Drift;

/// <summary>Reads all items of the newest snapshot, with their contents.</summary>
internal sealed class DriftSnapshot(RepositoryReader reader)
{
    private readonly List<DriftStored> _items = [];

    public static async Task<IReadOnlyList<DriftStored>> ReadAsync(string folder, string password, CancellationToken cancellationToken)
    {
        await using var store = new FolderObjectStore(folder, durable: false);
        using var repository = await ResticRepository.OpenAsync(store, password, cancellationToken);
        await repository.Index.LoadAsync(cancellationToken);
        var newest = SnapshotOrder.Sort(
            await repository
                .SnapshotsAsync(cancellationToken)
                .Where(each => each.Snapshot.Tags?.Any(tag => tag.StartsWith("config:", StringComparison.Ordinal)) == true)
                .ToListAsync(cancellationToken)
        )[^1];
        var snapshot = new DriftSnapshot(new RepositoryReader(repository));
        await snapshot.WalkAsync(newest.Snapshot.Root, "", "", cancellationToken);
        return snapshot._items;
    }

    private async Task WalkAsync(BlobId tree, string path, string parent, CancellationToken cancellationToken)
    {
        var nodes = await reader.ReadTreeAsync(tree, cancellationToken);
        foreach (var node in nodes)
        {
            if (node.Name == ".deleted")
                continue;
            var inside = parent;
            if (
                node.Attribute("user.klarkonform") is { } value
                && JsonNode.Parse(value) is JsonObject document
                && document["id"]?.ToString() is { Length: > 0 } id
            )
            {
                _items.Add(await ReadAsync(node, nodes, $"{path}/{node.Name}", id, parent, document, cancellationToken));
                inside = id;
            }

            if (node.Subtree is { } subtree)
                await WalkAsync(subtree, $"{path}/{node.Name}", inside, cancellationToken);
        }
    }

    private async Task<DriftStored> ReadAsync(
        Node node,
        IReadOnlyList<Node> siblings,
        string path,
        string id,
        string parent,
        JsonObject document,
        CancellationToken cancellationToken
    )
    {
        var type = document["type"]?.ToString() ?? "";
        var parts = path.Split('/');
        var root = string.Join(
            '/',
            parts.Take(
                parts[1] == "Exchange" ? 4
                : parts[1] == "Directory" ? 2
                : 3
            )
        );
        var properties = document["graph"] as JsonObject ?? [];
        var contents = new List<string>();
        var bytes = node.IsDirectory ? [] : await reader.ReadContentAsync(node, cancellationToken);
        switch (type)
        {
            case "event" or "contact" or "user" or "group" or "orgContact":
                var json = JsonNode.Parse(bytes)!.AsObject();
                properties = type == "event" ? json["event"]!.AsObject() : json;
                await AddSiblingsAsync(node, siblings, contents, cancellationToken);
                break;
            case "listItem" or "sitePage":
                properties = JsonNode.Parse(bytes)!.AsObject();
                break;
            case "columns":
                properties = new JsonObject { ["columns"] = JsonNode.Parse(bytes) };
                break;
            case "driveItem":
                if (properties["file"] is not null)
                    contents.Add(DriftJson.Hash(bytes));
                contents.Add($"versions {(document["versions"] as JsonArray)?.Count ?? 0}");
                contents.Add($"permissions {(document["permissions"] as JsonArray)?.Count ?? 0}");
                break;
            case "message":
                contents.Add(DriftJson.Hash(bytes));
                break;
            case "mailFolder" or "contactFolder":
                properties = Only(properties, "displayName");
                break;
            case "calendar":
                properties = Only(properties, "name");
                break;
            default:
                properties = new JsonObject { ["node"] = node.Name };
                break;
        }

        if (type == "group" && properties["members"] is JsonArray members)
            properties["members"] = new JsonArray([
                .. members.Select(each => each?["id"]?.ToString() ?? "").Order(StringComparer.Ordinal).Select(each => (JsonNode)each),
            ]);
        return new DriftStored(root, path, id, parent, type)
        {
            Properties = DriftJson.Of(properties),
            Contents = [.. contents.Order(StringComparer.Ordinal)],
        };
    }

    private async Task AddSiblingsAsync(Node node, IReadOnlyList<Node> siblings, List<string> contents, CancellationToken cancellationToken)
    {
        var stem = node.Name[..^".json".Length];
        foreach (
            var sibling in siblings.Where(each =>
                each.Name != node.Name && each.Name.StartsWith(stem, StringComparison.Ordinal) && !each.IsDirectory
            )
        )
            contents.Add(
                sibling.Name[stem.Length..] is ".ics" or ".vcf"
                    ? sibling.Name[stem.Length..]
                    : DriftJson.Hash(await reader.ReadContentAsync(sibling, cancellationToken))
            );
    }

    private static JsonObject Only(JsonObject properties, string name) => new() { [name] = properties[name]?.DeepClone() };
}
