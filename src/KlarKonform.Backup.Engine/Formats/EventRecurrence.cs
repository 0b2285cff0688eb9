using System.Globalization;
using System.Text.Json;

namespace KlarKonform.Backup.Engine.Formats;

/// <summary>Graph's recurrence (resources/recurrencepattern.md, recurrencerange.md) as an RRULE of RFC 5545.</summary>
internal static class EventRecurrence
{
    /// <summary>The rule, or null if its pattern is unknown.</summary>
    /// <param name="recurrence">Graph's object.</param>
    /// <param name="until">Turns the last day into UNTIL, whose form must match that of DTSTART.</param>
    public static string? Rule(JsonElement recurrence, Func<DateOnly, string> until)
    {
        var (pattern, range) = (recurrence.Object("pattern"), recurrence.Object("range"));
        var rule = Pattern(pattern);
        if (rule is null)
            return null;
        var interval = Number(pattern, "interval");
        if (interval > 1)
            rule += string.Create(CultureInfo.InvariantCulture, $";INTERVAL={interval}");
        if (pattern.Text("firstDayOfWeek") is { Length: > 0 } first && rule.StartsWith("FREQ=WEEKLY", StringComparison.Ordinal))
            rule += ";WKST=" + Day(first);
        return range.Text("type") switch
        {
            "numbered" when Number(range, "numberOfOccurrences") is > 0 and var count => string.Create(
                CultureInfo.InvariantCulture,
                $"{rule};COUNT={count}"
            ),
            "endDate" when DateOnly.TryParse(range.Text("endDate"), CultureInfo.InvariantCulture, out var last) =>
                $"{rule};UNTIL={until(last)}",
            _ => rule,
        };
    }

    private static string? Pattern(JsonElement pattern)
    {
        var month = Number(pattern, "month").ToString(CultureInfo.InvariantCulture);
        var day = Number(pattern, "dayOfMonth").ToString(CultureInfo.InvariantCulture);
        var days = string.Join(',', pattern.Array("daysOfWeek").Select(each => Day(each.AsText())));

        // A pattern without its defining value is not a rule: then only the master's own date is left.
        var (hasDays, hasDay, hasMonth) = (
            days.Length > 0,
            Number(pattern, "dayOfMonth") is >= 1 and <= 31,
            Number(pattern, "month") is >= 1 and <= 12
        );
        return pattern.Text("type") switch
        {
            "weekly" when !hasDays => "FREQ=WEEKLY",
            "absoluteMonthly" when !hasDay => "FREQ=MONTHLY",
            "absoluteYearly" when !hasDay || !hasMonth => "FREQ=YEARLY",
            "relativeMonthly" when !hasDays => null,
            "relativeYearly" when !hasDays || !hasMonth => null,
            "daily" => "FREQ=DAILY",
            "weekly" => $"FREQ=WEEKLY;BYDAY={days}",
            "absoluteMonthly" => $"FREQ=MONTHLY;BYMONTHDAY={day}",
            "relativeMonthly" => $"FREQ=MONTHLY;BYDAY={days};BYSETPOS={Position(pattern)}",
            "absoluteYearly" => $"FREQ=YEARLY;BYMONTH={month};BYMONTHDAY={day}",
            "relativeYearly" => $"FREQ=YEARLY;BYMONTH={month};BYDAY={days};BYSETPOS={Position(pattern)}",
            _ => null,
        };
    }

    private static int Position(JsonElement pattern) =>
        pattern.Text("index") switch
        {
            "second" => 2,
            "third" => 3,
            "fourth" => 4,
            "last" => -1,
            _ => 1,
        };

    private static string Day(string name) => name.Length < 2 ? "MO" : name[..2].ToUpperInvariant();

    private static int Number(JsonElement item, string name) => item.Number(name) ?? 0;
}
