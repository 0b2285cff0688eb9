using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Snapshots.Items;

namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>
/// An entry of the address book, assembled from delta's pieces: a later round contains at least what changed, and a large group's members
/// come in several portions (concepts/delta-query-groups.md).
/// </summary>
internal static class DirectoryEntry
{
    private const string Members = "members";
    private const string MembersDelta = "members@delta";

    /// <summary>The stored entry with a delta entry applied; properties sorted, so that equal entries are equal bytes.</summary>
    public static JsonElement Merge(JsonElement stored, JsonElement change)
    {
        var merged = new SortedDictionary<string, JsonNode?>(StringComparer.Ordinal);
        foreach (var source in (JsonElement[])[stored, change])
        {
            if (source.ValueKind != JsonValueKind.Object)
                continue;
            foreach (var property in source.EnumerateObject())
            {
                if (!property.Name.StartsWith('@') && property.Name != MembersDelta)
                    merged[property.Name] = JsonNode.Parse(property.Value.GetRawText(), documentOptions: DeepJson.Options);
            }
        }

        if (change.TryGetProperty(MembersDelta, out _) || stored.Array(Members).Any())
            merged[Members] = MergeMembers(stored, change);
        return JsonSerializer.SerializeToElement(merged);
    }

    /// <summary>Distinguishes one state of an entry from another: the directory has no change keys.</summary>
    public static string VersionOf(JsonElement merged) =>
        Convert.ToHexString(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(merged)))[..32].ToLowerInvariant();

    private static JsonArray MergeMembers(JsonElement stored, JsonElement change)
    {
        var members = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var member in stored.Array(Members))
            members[member.Text("id")] = member.Text("type");
        foreach (var member in change.Array(MembersDelta).Where(each => each.Text("id").Length > 0))
        {
            if (member.TryGetProperty("@removed", out _))
                members.Remove(member.Text("id"));
            else
                members[member.Text("id")] = member.Text("@odata.type").Replace("#microsoft.graph.", "", StringComparison.Ordinal);
        }

        return [.. members.Select(member => (JsonNode)new JsonObject { ["id"] = member.Key, ["type"] = member.Value })];
    }
}
