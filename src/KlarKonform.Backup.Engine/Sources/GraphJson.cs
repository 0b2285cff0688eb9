using System.Text.Json;

namespace KlarKonform.Backup.Engine.Sources;

/// <summary>Reads Graph's JSON without trusting it to be complete.</summary>
internal static class GraphJson
{
    /// <summary>A text property, or an empty text.</summary>
    public static string Text(this JsonElement item, string name) =>
        item.ValueKind == JsonValueKind.Object && item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    /// <summary>A boolean property; false when it is missing.</summary>
    public static bool Flag(this JsonElement item, string name) =>
        item.ValueKind == JsonValueKind.Object && item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;

    /// <summary>An object property; undefined when it is missing.</summary>
    public static JsonElement Object(this JsonElement item, string name) =>
        item.ValueKind == JsonValueKind.Object && item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value : default;

    /// <summary>An array property's elements; none when it is missing.</summary>
    public static IEnumerable<JsonElement> Array(this JsonElement item, string name) =>
        item.ValueKind == JsonValueKind.Object && item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : [];

    /// <summary>A property's JSON, written by one hand, so that equal values are equal texts; empty when it is missing.</summary>
    public static string Written(this JsonElement item, string name) => item.TryGetProperty(name, out var value) ? JsonSerializer.Serialize(value) : "";

    /// <summary>The first of some time properties that is there; else the epoch.</summary>
    public static DateTimeOffset Time(this JsonElement item, params string[] names)
    {
        foreach (var name in names)
        {
            if (item.ValueKind == JsonValueKind.Object && item.TryGetProperty(name, out var time) && time.ValueKind == JsonValueKind.String && time.TryGetDateTimeOffset(out var value))
                return value;
        }

        return DateTimeOffset.UnixEpoch;
    }
}
