using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace KlarKonform.Backup.Drift;

/// <summary>Properties in a canonical form: equal values give equal text.</summary>
internal static class DriftJson
{
    private static readonly JsonSerializerOptions s_web = new(JsonSerializerDefaults.Web);

    /// <summary>An object without ids and OData annotations.</summary>
    public static JsonObject Of(object? value) =>
        Plain(value as JsonNode ?? JsonSerializer.SerializeToNode(value, s_web)) as JsonObject ?? [];

    public static string Text(JsonNode? node) => node?.ToJsonString() ?? "null";

    public static string Hash(byte[] bytes) => Convert.ToHexString(SHA256.HashData(bytes));

    private static JsonNode? Plain(JsonNode? node, int depth = 0) =>
        node switch
        {
            JsonObject item => new JsonObject(
                item.Where(pair =>
                        !pair.Key.StartsWith('@') && !(depth == 0 && pair.Key is "id" or "members@delta" or "singleValueExtendedProperties")
                    )
                    .OrderBy(pair => pair.Key, StringComparer.Ordinal)
                    .Select(pair => KeyValuePair.Create(pair.Key, Plain(pair.Value, depth + 1)))
            ),
            JsonArray array => new JsonArray([.. array.Select(each => Plain(each, depth + 1))]),
            _ => node?.DeepClone(),
        };
}
