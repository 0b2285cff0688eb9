using System.Text.Json;
using System.Text.RegularExpressions;

namespace KlarKonform.Backup.Engine.Formats;

/// <summary>Reads Graph's JSON without trusting it to be complete.</summary>
internal static partial class GraphJson
{
    /// <summary>A text property, or an empty text.</summary>
    public static string Text(this JsonElement item, string name) =>
        item.ValueKind == JsonValueKind.Object && item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.AsText()
            : "";

    /// <summary>A text as it is; an unpaired surrogate in it, which older snapshots may contain, becomes U+FFFD.</summary>
    public static string AsText(this JsonElement text)
    {
        if (text.ValueKind != JsonValueKind.String)
            return "";
        try
        {
            return text.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return Regex.Unescape(
                HalfSurrogate().Replace(text.GetRawText()[1..^1], "\uFFFD").Replace(@"\/", "/", StringComparison.Ordinal)
            );
        }
    }

    /// <summary>An integer, or null if there is none.</summary>
    public static int? Number(this JsonElement item, string name) =>
        item.ValueKind == JsonValueKind.Object
        && item.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.Number
        && value.TryGetInt32(out var number)
            ? number
            : null;

    /// <summary>A boolean property; false when it is missing.</summary>
    public static bool Flag(this JsonElement item, string name) =>
        item.ValueKind == JsonValueKind.Object && item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;

    /// <summary>An object property; undefined when it is missing.</summary>
    public static JsonElement Object(this JsonElement item, string name) =>
        item.ValueKind == JsonValueKind.Object && item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object
            ? value
            : default;

    /// <summary>An array property's elements; none when it is missing.</summary>
    public static IEnumerable<JsonElement> Array(this JsonElement item, string name) =>
        item.ValueKind == JsonValueKind.Object && item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array
            ? value.EnumerateArray()
            : [];

    /// <summary>A property as canonical JSON: equal values give equal text; empty if it is missing.</summary>
    public static string Written(this JsonElement item, string name) =>
        item.ValueKind == JsonValueKind.Object && item.TryGetProperty(name, out var value) ? JsonSerializer.Serialize(value) : "";

    /// <summary>The first of several time properties that is present; otherwise the epoch.</summary>
    public static DateTimeOffset Time(this JsonElement item, params string[] names)
    {
        foreach (var name in names)
        {
            if (
                item.ValueKind == JsonValueKind.Object
                && item.TryGetProperty(name, out var time)
                && time.ValueKind == JsonValueKind.String
                && time.TryGetDateTimeOffset(out var value)
            )
                return value;
        }

        return DateTimeOffset.UnixEpoch;
    }

    [GeneratedRegex(@"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}")]
    private static partial Regex HalfSurrogate();
}
