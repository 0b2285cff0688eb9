using System.Globalization;
using System.Text.Json;

namespace KlarKonform.Backup.WhatsApp.Webhooks;

/// <summary>Reads Meta's JSON without relying on it to be complete or of the documented types.</summary>
internal static class JsonReading
{
    public static JsonElement Get(this JsonElement item, string name) =>
        item.ValueKind == JsonValueKind.Object && item.TryGetProperty(name, out var value) ? value : default;

    /// <summary>A text, or a number as text; null for everything else and for an empty text.</summary>
    public static string? Text(this JsonElement item, string name) =>
        item.Get(name) switch
        {
            { ValueKind: JsonValueKind.String } text when IsText(text, out var value) => value.Length > 0 ? value : null,
            { ValueKind: JsonValueKind.Number } number => number.GetRawText(),
            _ => null,
        };

    public static IEnumerable<JsonElement> List(this JsonElement item, string name) =>
        item.Get(name) is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray() : [];

    public static bool Flag(this JsonElement item, string name) => item.Get(name).ValueKind == JsonValueKind.True;

    public static long? Number(this JsonElement item, string name) =>
        item.Text(name) is { } text && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            ? value
            : null;

    /// <summary>
    /// A copy of an element, to be written again: as it is, or as text if it contains an unpaired surrogate, which no writer accepts.
    /// </summary>
    public static JsonElement Kept(this JsonElement item)
    {
        var text = item.GetRawText();
        if (!text.Contains("\\ud", StringComparison.OrdinalIgnoreCase))
            return item.Clone();
        try
        {
            JsonSerializer.SerializeToUtf8Bytes(item);
            return item.Clone();
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or ArgumentException)
        {
            return JsonSerializer.SerializeToElement(text);
        }
    }

    // JSON can contain an unpaired surrogate, which a text cannot.
    private static bool IsText(JsonElement element, out string value)
    {
        try
        {
            value = element.GetString()!;
            return true;
        }
        catch (InvalidOperationException)
        {
            value = "";
            return false;
        }
    }
}
