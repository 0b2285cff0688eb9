using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using KlarKonform.Backup.Engine.Snapshots.Items;
using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Engine.Browsing;

/// <summary>
/// Reads JSON from a snapshot that anyone may have written. Unpaired surrogates and bytes that are not UTF-8 can be parsed, but throw
/// whenever a string is read; here they become U+FFFD, so that later readers need not care.
/// </summary>
internal static class StoredJson
{
    /// <summary>An item's metadata, or null when the node has none that is readable: then only its name is known.</summary>
    public static JsonDocument? Metadata(Node node)
    {
        try
        {
            return node.Attribute(ItemMetadata.Attribute) is { } value ? Parse(value) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Parses JSON.</summary>
    /// <exception cref="JsonException">It is not valid JSON.</exception>
    public static JsonDocument Parse(byte[] json) => DeepJson.Parse(Mend(json));

    private static ReadOnlyMemory<byte> Mend(byte[] json)
    {
        if (Utf8.IsValid(json) && json.AsSpan().IndexOf("\\ud"u8) < 0 && json.AsSpan().IndexOf("\\uD"u8) < 0)
            return json;
        var text = new StringBuilder(Encoding.UTF8.GetString(json));
        for (var i = 0; i + 1 < text.Length; i++)
        {
            if (text[i] != '\\')
                continue;
            var unit = UnitAt(text, i);
            if (unit is null || !char.IsSurrogate(unit.Value))
            {
                i++; // An escaped backslash does not begin another escape.
                continue;
            }

            if (char.IsHighSurrogate(unit.Value) && UnitAt(text, i + 6) is { } low && char.IsLowSurrogate(low))
                i += 11;
            else
                text.Replace(text.ToString(i, 6), "\\ufffd", i, 6);
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    // The UTF-16 unit that an escape stands for, or null if there is no escape here.
    private static char? UnitAt(StringBuilder text, int at)
    {
        if (at + 6 > text.Length || text[at] != '\\' || text[at + 1] != 'u')
            return null;
        var value = 0;
        for (var i = at + 2; i < at + 6; i++)
        {
            if (!char.IsAsciiHexDigit(text[i]))
                return null;
            value = (value << 4) | Convert.ToInt32(text[i].ToString(), 16);
        }

        return (char)value;
    }
}
