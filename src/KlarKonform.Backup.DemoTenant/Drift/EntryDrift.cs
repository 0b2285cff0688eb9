using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using KlarKonform.Backup.DemoTenant.Http.Protocol;

namespace KlarKonform.Backup.DemoTenant.Drift;

/// <summary>Makes an item's properties odd: missing, null, empty, of another type, extreme, unknown.</summary>
/// <param name="random">The item's own random numbers.</param>
/// <param name="now">The clock; UTC.</param>
internal sealed class EntryDrift(Random random, DateTimeOffset now)
{
    private const double Partial = 0.1;
    private const double Nested = 0.35;
    private const double NoId = 0.04;

    // Properties that determine the item's place in the store, for the tests too: their texts are not replaced by those of another item.
    private static readonly HashSet<string> s_words = new(StringComparer.Ordinal)
    {
        "importance",
        "type",
        "showAs",
        "sensitivity",
        "inferenceClassification",
        "flagStatus",
        "userType",
        "template",
        "scope",
        "contentType",
        "driveType",
        "index",
    };

    /// <summary>Changes an entry.</summary>
    /// <returns>What was done to it.</returns>
    public string Change(JsonObject entry)
    {
        if (random.NextDouble() < NoId)
            return "id: " + SpoilId(entry);
        if (random.NextDouble() < Partial && entry.Count > 3)
            return Cut(entry);
        var done = new List<string>();
        for (var i = random.Next(1, 3); i > 0; i--)
        {
            if (Pick(entry) is not { } name)
                break;
            done.Add($"{name}: {ChangeProperty(entry, name)}");
        }

        return string.Join(", ", done);
    }

    private string ChangeProperty(JsonObject entry, string name)
    {
        if (name == "recurrence" && entry[name] is JsonObject recurrence)
            return ChangeRecurrence(entry, recurrence);
        if (
            name == "exceptionOccurrences"
            && entry[name] is JsonArray { Count: > 0 } exceptions
            && exceptions[0] is JsonObject exception
            && random.Next(2) == 0
        )
        {
            exception["originalStart"] = null;
            return "originalStart null";
        }

        if (entry[name] is JsonObject inner && random.NextDouble() < Nested && Pick(inner) is { } below)
            return $"{below}: {ChangeProperty(inner, below)}";
        return Spoil(entry, name);
    }

    private string? Pick(JsonObject entry)
    {
        var names = entry
            .Select(pair => pair.Key)
            .Where(name => !name.StartsWith('@') && name is not ("id" or "root" or "deleted"))
            .Order(StringComparer.Ordinal)
            .ToArray();
        return names.Length == 0 ? null : names[random.Next(names.Length)];
    }

    private string Cut(JsonObject entry)
    {
        var kept = Pick(entry);
        foreach (
            var name in entry
                .Select(pair => pair.Key)
                .Where(name => name != "id" && name != kept && !name.StartsWith("@odata", StringComparison.Ordinal))
                .ToArray()
        )
            entry.Remove(name);
        return $"only id and {kept}";
    }

    // A different id would be a different item.
    private string SpoilId(JsonObject entry)
    {
        var (value, how) = Of<JsonNode?>((null, "null"), (5, "a number"), (new JsonObject(), "an object"), ("", "empty"), (false, "false"));
        entry["id"] = value;
        return how;
    }

    private string Spoil(JsonObject entry, string name)
    {
        switch (random.Next(5))
        {
            case 0:
                entry.Remove(name);
                return "missing";
            case 1:
                entry[name] = null;
                return "null";
        }

        var (value, how) = entry[name] switch
        {
            JsonArray => Of<JsonNode?>(
                (null, "null"),
                (new JsonArray(), "empty"),
                ("text", "a text"),
                (new JsonArray(null, 7), "null and a number in it"),
                (new JsonObject(), "an object")
            ),
            JsonObject => Of<JsonNode?>((new JsonObject(), "empty"), ("text", "a text"), (new JsonArray(), "a list"), (17, "a number")),
            JsonValue each when each.GetValueKind() == JsonValueKind.Number => Of<JsonNode?>(
                (-1, "-1"),
                (1L << 53, "2^53"),
                (1e308, "1e308"),
                (1.5, "fractional"),
                ("12", "a text"),
                (new JsonObject(), "an object")
            ),
            JsonValue each when each.GetValueKind() is JsonValueKind.True or JsonValueKind.False => Of<JsonNode?>(
                ("true", "a text"),
                (1, "a number"),
                (new JsonArray(), "a list")
            ),
            JsonValue each when each.GetValueKind() == JsonValueKind.String => OfText(name, each.GetValue<string>()),
            _ => Of<JsonNode?>((5, "a number"), (new JsonArray(), "a list"), (new JsonObject(), "an object"), (true, "true")),
        };
        entry[name] = value;
        return how;
    }

    private (JsonNode?, string) OfText(string name, string text)
    {
        if (s_words.Contains(name) && random.Next(3) > 0)
            return ("wordOfTomorrow", "an unknown word");
        if (text.Length >= 19 && text[4] == '-' && text[10] == 'T' && random.Next(4) > 0)
        {
            // The text of an event's time contains no zone.
            var zone = text.EndsWith('Z') ? "Z" : "";
            string[] times =
            [
                "0001-01-01T00:00:00",
                "1601-01-01T00:00:00",
                "4501-01-01T00:00:00",
                "9999-12-31T23:59:59",
                now.AddYears(2).ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture),
            ];
            var time = times[random.Next(times.Length)];
            return (time + zone, time);
        }

        return Of<JsonNode?>(
            ("", "empty"),
            (text + DemoAnswer.HalfSurrogate, "half a surrogate pair"),
            (42, "a number"),
            (new JsonObject(), "an object"),
            (new JsonArray("a"), "a list"),
            (false, "false")
        );
    }

    private string ChangeRecurrence(JsonObject entry, JsonObject recurrence)
    {
        var (pattern, range) = (recurrence["pattern"] as JsonObject, recurrence["range"] as JsonObject);
        switch (random.Next(7))
        {
            case 0 when pattern is not null:
                (pattern["type"], pattern["daysOfWeek"]) = ("weekly", new JsonArray());
                return "weekly without days";
            case 1 when range is not null:
                (range["type"], range["numberOfOccurrences"]) = ("numbered", 0);
                return "COUNT 0";
            case 2 when pattern is not null:
                (pattern["type"], pattern["month"]) = ("absoluteYearly", 0);
                return "month 0";
            case 3 when pattern is not null:
                (pattern["type"], pattern["month"]) = ("absoluteYearly", null);
                return "month null";
            case 4:
                recurrence["pattern"] = null;
                return "pattern null";
            case 5:
                recurrence["range"] = null;
                return "range null";
            default:
                entry["recurrence"] = new JsonObject();
                return "empty";
        }
    }

    private (T Value, string How) Of<T>(params (T Value, string How)[] choices) => choices[random.Next(choices.Length)];
}
