using System.Runtime.InteropServices;
using System.Text.Json;

namespace KlarKonform.Backup.Engine.Sources.Shapes;

/// <summary>
/// What Graph documents of an entry's properties, as far as a backup depends on them. It rejects nothing: what arrives is stored as it
/// arrived. It says what to request once more, and what to report.
/// </summary>
/// <remarks>
/// A specification is a list of <c>name:kind</c> with a mark: <c>!</c> is always present and neither null nor an empty text, <c>?</c> is
/// present because it was requested, possibly null, <c>-</c> may be absent. Kinds are s (text), b (boolean), n (number), t (time), d (a day
/// in a person's life), o (object), a (array) and {word|word}, one of these words.
/// </remarks>
internal sealed class EntryShape
{
    // Nothing that a person did in Microsoft 365 is earlier, or so far in the future; a telephone or a camera may be years off.
    private static readonly DateTimeOffset s_earliest = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset s_born = new(1600, 1, 1, 0, 0, 0, TimeSpan.Zero); // 1604 stands for a birthday without a year.
    private static readonly TimeSpan s_ahead = TimeSpan.FromDays(3660);

    private readonly Property[] _properties;

    public EntryShape(string specification) =>
        _properties = [
            .. specification
                .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Select(each =>
                {
                    var parts = each[..^1].Split(':');
                    return new Property(parts[0], parts[1][0], parts[1][0] == '{' ? parts[1][1..^1].Split('|') : [], each[^1]);
                }),
        ];

    /// <summary>Compares an entry with what it should be.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="now">The current time; UTC.</param>
    /// <param name="isPart">Whether it may be partial, like a delta entry that contains only what changed: then nothing counts as
    /// missing.</param>
    public Verdict Judge(JsonElement entry, DateTimeOffset now, bool isPart = false)
    {
        List<string>? wrong = null,
            doubtful = null;
        foreach (var property in _properties)
        {
            if (!entry.TryGetProperty(property.Name, out var value))
            {
                if (isPart || property.Mark == '-')
                    continue;
                (property.Mark == '!' ? wrong ??= [] : doubtful ??= []).Add(property.Name);
            }
            else if (value.ValueKind == JsonValueKind.Null ? property.Mark == '!' : !IsOfKind(value, property))
            {
                (wrong ??= []).Add(property.Name);
            }
            else if (value.ValueKind != JsonValueKind.Null && !IsPlausible(value, property, now))
            {
                (doubtful ??= []).Add(property.Name);
            }
        }

        // A character that was cut anywhere inside, also in properties without a specification.
        foreach (var property in entry.EnumerateObject().Where(each => IsCut(each.Value)))
            (doubtful ??= []).Add(property.Name);
        return wrong is null && doubtful is null ? Verdict.Sound : new Verdict(wrong ?? [], doubtful ?? []);
    }

    private static bool IsCut(JsonElement value)
    {
        if (value.ValueKind is not (JsonValueKind.String or JsonValueKind.Object or JsonValueKind.Array))
            return false;
        var text = JsonMarshal.GetRawUtf8Value(value);
        return text.IndexOf("\uFFFD"u8) >= 0 || text.IndexOf("\\ufffd"u8) >= 0 || text.IndexOf("\\uFFFD"u8) >= 0;
    }

    private static bool IsOfKind(JsonElement value, Property property) =>
        property.Kind switch
        {
            's' or '{' => value.ValueKind == JsonValueKind.String && (property.Mark != '!' || !value.ValueEquals("")),
            'b' => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
            'n' => value.ValueKind == JsonValueKind.Number,
            't' or 'd' => value.ValueKind == JsonValueKind.String && value.TryGetDateTimeOffset(out _),
            'o' => value.ValueKind == JsonValueKind.Object,
            _ => value.ValueKind == JsonValueKind.Array,
        };

    private static bool IsPlausible(JsonElement value, Property property, DateTimeOffset now) =>
        property.Kind switch
        {
            's' => value.GetString() is { } text && !text.Contains('\uFFFD', StringComparison.Ordinal),
            '{' => property.Words.Contains(value.GetString(), StringComparer.OrdinalIgnoreCase),
            'n' => value.TryGetInt64(out var number) && number >= 0,
            'd' => value.GetDateTimeOffset() is var day && day >= s_born && day <= now + s_ahead,
            't' => value.GetDateTimeOffset() is var time && time >= s_earliest && time <= now + s_ahead,
            'a' => value.EnumerateArray().All(each => each.ValueKind is JsonValueKind.Object or JsonValueKind.String),
            _ => true,
        };

    private sealed record Property(string Name, char Kind, IReadOnlyList<string> Words, char Mark);
}
