using System.Globalization;
using System.Net;
using System.Text.Json;
using KlarKonform.Backup.Engine.Formats;
using NodaTime;

namespace KlarKonform.Backup.Engine.Restore.ToMicrosoft365;

/// <summary>
/// An event as Graph accepts it, without its attendees: Exchange sends invitations to everyone that an event in the mailbox owner's name
/// lists, and that cannot be switched off. The attendees are written below the text.
/// </summary>
internal static class EventJson
{
    /// <summary>The property that says which event a restored one was made from.</summary>
    public const string Origin = "String {6f0c1c52-3a0e-4d3a-9a65-6b1f9f3b7d11} Name KlarKonformOrigin";

    private static readonly HashSet<string> s_kept =
    [
        "subject",
        "isAllDay",
        "location",
        "categories",
        "importance",
        "sensitivity",
        "showAs",
        "reminderMinutesBeforeStart",
        "isReminderOn",
    ];

    // The properties in which an exception of a series may differ.
    private static readonly HashSet<string> s_ofException =
    [
        "subject",
        "isAllDay",
        "location",
        "categories",
        "importance",
        "sensitivity",
        "showAs",
        "reminderMinutesBeforeStart",
        "isReminderOn",
    ];

    /// <summary>Writes a single event or a series.</summary>
    /// <param name="item">The event as Graph sent it.</param>
    /// <param name="origin">What distinguishes it from others.</param>
    /// <param name="transaction">An id by which Graph recognises a repeated request.</param>
    public static byte[] Write(JsonElement item, string origin, Guid transaction)
    {
        var zone = ZoneOf(item);
        var json = Properties(item, s_kept, zone);
        json["responseRequested"] = false;
        json["transactionId"] = transaction.ToString();
        json["singleValueExtendedProperties"] = new[] { new { id = Origin, value = origin } };
        if (item.Object("recurrence") is { ValueKind: JsonValueKind.Object } recurrence)
            json["recurrence"] = Recurrence(recurrence, zone);
        return JsonSerializer.SerializeToUtf8Bytes(json);
    }

    /// <summary>Writes what an exception changes in its occurrence.</summary>
    public static byte[] WriteException(JsonElement exception) =>
        JsonSerializer.SerializeToUtf8Bytes(Properties(exception, s_ofException, ZoneOf(exception)));

    /// <summary>When an exception's occurrence would have begun; UTC.</summary>
    public static DateTime OriginalStart(JsonElement exception) => exception.Time("originalStart").UtcDateTime;

    /// <summary>The span in UTC in which the occurrence of a date begins, in the time zone of the series.</summary>
    public static (DateTime From, DateTime To) DayOf(JsonElement series, DateOnly date)
    {
        var start = date.ToDateTime(TimeOnly.MinValue);
        if (series.Flag("isAllDay"))
            return (start, start.AddDays(1));
        var zone = TimeZones.Find(ZoneOf(series)) ?? DateTimeZone.Utc;
        var day = LocalDate.FromDateTime(start);
        return (day.AtStartOfDayInZone(zone).ToDateTimeUtc(), day.PlusDays(1).AtStartOfDayInZone(zone).ToDateTimeUtc());
    }

    /// <summary>Dates of cancelled occurrences: <c>OID.&lt;id&gt;.yyyy-MM-dd</c>.</summary>
    public static IEnumerable<DateOnly> Cancelled(JsonElement series)
    {
        foreach (var occurrence in series.Array("cancelledOccurrences"))
        {
            var text = occurrence.ValueKind == JsonValueKind.String ? occurrence.GetString()! : "";
            if (
                text.Length >= 10
                && DateOnly.TryParseExact(text[^10..], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
            )
                yield return date;
        }
    }

    private static Dictionary<string, object?> Properties(JsonElement item, HashSet<string> kept, string zone)
    {
        var json = new Dictionary<string, object?>();
        foreach (
            var property in item.EnumerateObject()
                .Where(property => kept.Contains(property.Name) && property.Value.ValueKind != JsonValueKind.Null)
        )
            json[property.Name] = property.Value;
        json["body"] = Body(item);
        json["start"] = Moment(item.Object("start"), zone, item.Flag("isAllDay"));
        json["end"] = Moment(item.Object("end"), zone, item.Flag("isAllDay"));
        return json;
    }

    private static object Body(JsonElement item)
    {
        var (type, content) = (
            item.Object("body").Text("contentType") is { Length: > 0 } given ? given : "html",
            item.Object("body").Text("content")
        );
        var attendees = item.Array("attendees")
            .Select(each => (Address: each.Object("emailAddress"), Response: each.Object("status").Text("response")))
            .ToArray();
        if (attendees.Length == 0)
            return new { contentType = type, content };
        var organizer = item.Object("organizer").Object("emailAddress");
        var lines = attendees
            .Select(each => $"{Person(each.Address)}: {each.Response}")
            .Prepend(Texts.Get("RestoreOrganizer", Person(organizer)));
        var title = Texts.Get("RestoreAttendees");
        if (type != "html")
            return new { contentType = type, content = $"{content}\r\n\r\n{title}\r\n{string.Join("\r\n", lines)}" };
        var block = $"<p><b>{WebUtility.HtmlEncode(title)}</b><br>{string.Join("<br>", lines.Select(WebUtility.HtmlEncode))}</p>";
        var end = content.LastIndexOf("</body>", StringComparison.OrdinalIgnoreCase);
        return new { contentType = type, content = end < 0 ? content + block : content.Insert(end, block) };
    }

    private static string Person(JsonElement address) =>
        address.Text("name") is { Length: > 0 } name && name != address.Text("address")
            ? $"{name} <{address.Text("address")}>"
            : address.Text("address");

    // A zone that only Exchange knows ("tzone://Microsoft/Custom") is given in UTC.
    private static string ZoneOf(JsonElement item)
    {
        var name = item.Text("originalStartTimeZone");
        return name.Length > 0 && TimeZones.Find(name) is not null ? name : "UTC";
    }

    // Stored in UTC; a series must be given in its own zone, or it shifts when daylight saving time changes.
    private static object Moment(JsonElement moment, string zone, bool allDay)
    {
        var time = DateTime.Parse(moment.Text("dateTime"), CultureInfo.InvariantCulture, DateTimeStyles.None);
        if (allDay || zone == "UTC" || TimeZones.Find(zone) is not { } known)
            return new { dateTime = Text(time), timeZone = moment.Text("timeZone") is { Length: > 0 } given ? given : "UTC" };
        var local = Instant
            .FromDateTimeUtc(DateTime.SpecifyKind(time, DateTimeKind.Utc))
            .InZone(known)
            .LocalDateTime.ToDateTimeUnspecified();
        return new { dateTime = Text(local), timeZone = zone };
    }

    private static string Text(DateTime time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);

    private static Dictionary<string, object> Recurrence(JsonElement recurrence, string zone)
    {
        var range = recurrence
            .Object("range")
            .EnumerateObject()
            .ToDictionary(property => property.Name, property => (object)property.Value);
        if (zone == "UTC")
            range["recurrenceTimeZone"] = "UTC";
        return new Dictionary<string, object> { ["pattern"] = recurrence.Object("pattern"), ["range"] = range };
    }
}
