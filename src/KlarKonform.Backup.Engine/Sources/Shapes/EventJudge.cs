using System.Globalization;
using System.Text.Json;
using KlarKonform.Backup.Engine.Formats;

namespace KlarKonform.Backup.Engine.Sources.Shapes;

/// <summary>
/// Judges an event with its contents: its times, its rule and its changed occurrences. Anything odd in there is doubtful, never wrong:
/// Graph is known to leave such things out permanently. Requested once more, it is accepted.
/// </summary>
internal static class EventJudge
{
    private const int Earliest = 1980;
    private const int YearsAhead = 10;

    private static readonly EntryShape s_pattern = new(
        """
        type:{daily|weekly|absoluteMonthly|relativeMonthly|absoluteYearly|relativeYearly}! interval:n! month:n! dayOfMonth:n! daysOfWeek:a-
        firstDayOfWeek:{sunday|monday|tuesday|wednesday|thursday|friday|saturday}- index:{first|second|third|fourth|last}-
        """
    );

    private static readonly EntryShape s_range = new(
        "type:{endDate|noEnd|numbered}! startDate:s! endDate:s- recurrenceTimeZone:s! numberOfOccurrences:n!"
    );

    private static readonly HashSet<string> s_days = new(StringComparer.OrdinalIgnoreCase)
    {
        "sunday",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
    };

    /// <summary>Compares an event with what it should be.</summary>
    /// <param name="json">The event, with its changed occurrences if it is a series.</param>
    /// <param name="now">The current time; UTC.</param>
    public static Verdict Judge(JsonElement json, DateTimeOffset now)
    {
        var verdict = GraphShapes.Event.Judge(json, now);
        var doubtful = new List<string>(verdict.Doubtful);
        doubtful.AddRange(((string[])["start", "end"]).Where(edge => IsObject(json.Object(edge)) && !IsMoment(json.Object(edge), now)));
        if (
            json.Object("recurrence") is { ValueKind: JsonValueKind.Object } recurrence
            && !(IsPattern(recurrence.Object("pattern"), now) && IsRange(recurrence.Object("range"), now))
        )
            doubtful.Add("recurrence");
        if (json.Array("exceptionOccurrences").Any(each => !IsOccurrence(each, now)))
            doubtful.Add("exceptionOccurrences");
        if (json.Flag("isReminderOn") && json.Number("reminderMinutesBeforeStart") is null)
            doubtful.Add("reminderMinutesBeforeStart");
        if (json.TryGetProperty("attendees", out var attendees) && attendees.ValueKind == JsonValueKind.Null)
            doubtful.Add("attendees");
        if (json.Array("attendees").Any(each => !IsObject(each) || !IsObject(each.Object("emailAddress"))))
            doubtful.Add("attendees");
        return doubtful.Count == verdict.Doubtful.Count ? verdict : verdict with { Doubtful = [.. doubtful.Distinct()] };
    }

    private static bool IsObject(JsonElement element) => element.ValueKind == JsonValueKind.Object;

    private static bool IsMoment(JsonElement moment, DateTimeOffset now) =>
        moment.Text("timeZone").Length > 0
        && DateTime.TryParse(moment.Text("dateTime"), CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)
        && time.Year >= Earliest
        && time.Year <= now.Year + YearsAhead;

    private static bool IsOccurrence(JsonElement occurrence, DateTimeOffset now) =>
        IsObject(occurrence)
        && !GraphShapes.Event.Judge(occurrence, now, isPart: true).IsOdd
        && occurrence.Text("originalStart").Length > 0
        && IsMoment(occurrence.Object("start"), now)
        && IsMoment(occurrence.Object("end"), now);

    private static bool IsPattern(JsonElement pattern, DateTimeOffset now)
    {
        if (!IsObject(pattern) || s_pattern.Judge(pattern, now).IsOdd || pattern.Number("interval") is not > 0)
            return false;
        var days = pattern.Array("daysOfWeek").Select(each => each.AsText()).ToArray();
        var isRightDay = pattern.Number("dayOfMonth") is >= 1 and <= 31;
        var isRightMonth = pattern.Number("month") is >= 1 and <= 12;
        return days.All(s_days.Contains)
            && pattern.Text("type") switch
            {
                "weekly" or "relativeMonthly" => days.Length > 0,
                "relativeYearly" => days.Length > 0 && isRightMonth,
                "absoluteMonthly" => isRightDay,
                "absoluteYearly" => isRightDay && isRightMonth,
                _ => true,
            };
    }

    private static bool IsRange(JsonElement range, DateTimeOffset now) =>
        IsObject(range)
        && !s_range.Judge(range, now).IsOdd
        && range.Text("type") switch
        {
            "numbered" => range.Number("numberOfOccurrences") is > 0,
            "endDate" => DateOnly.TryParse(range.Text("endDate"), CultureInfo.InvariantCulture, out _),
            _ => true,
        };
}
