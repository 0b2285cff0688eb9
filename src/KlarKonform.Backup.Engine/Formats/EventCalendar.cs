using System.Globalization;
using System.Text;
using System.Text.Json;
using Ical.Net;
using Ical.Net.CalendarComponents;
using Ical.Net.DataTypes;
using Ical.Net.Serialization;
using NodaTime;
using NodaTime.Text;
using Duration = Ical.Net.DataTypes.Duration;

namespace KlarKonform.Backup.Engine.Formats;

/// <summary>
/// An event as iCalendar (RFC 5545): a readable copy for other programs. A series is its master with the rule, one VEVENT for every
/// exception, an EXDATE for every cancelled occurrence. What iCalendar cannot express is only in the JSON file.
/// </summary>
internal static class EventCalendar
{
    private const string ProductId = "-//KlarKonform//Backup//EN";

    private static readonly DateTime s_rulesOfToday = new(2015, 1, 1);
    private static readonly Instant s_first = NodaTime.Instant.FromUtc(1, 1, 3, 0, 0);
    private static readonly Instant s_last = NodaTime.Instant.FromUtc(9999, 12, 29, 0, 0);

    /// <summary>Writes an event as Graph sent it, including its exceptionOccurrences and cancelledOccurrences.</summary>
    /// <param name="json">The event.</param>
    /// <param name="attachments">The attachments as Graph's objects; their names are listed.</param>
    public static byte[] Write(JsonElement json, IEnumerable<JsonElement> attachments)
    {
        var calendar = new Ical.Net.Calendar { ProductId = ProductId };
        var zone = Zone(json);
        var master = Event(json, json, zone);
        AddRecurrence(master, json, zone);
        foreach (var name in attachments.Select(each => each.Text("name")).Where(name => name.Length > 0))
            master.AddProperty("X-KLARKONFORM-ATTACHMENT", name);
        calendar.Events.Add(master);
        foreach (var exception in json.Array("exceptionOccurrences"))
        {
            var each = Event(exception, json, zone);

            // Graph sometimes leaves originalStart null. Then the occurrence it replaces is unknown, and the exception becomes an event of
            // its own.
            if (OffsetDateTimePattern.ExtendedIso.Parse(exception.Text("originalStart")) is { Success: true } original)
                each.RecurrenceIdentifier = new RecurrenceIdentifier(Moment(original.Value.ToInstant(), zone, json.Flag("isAllDay")));
            else
                each.Uid += "-" + SafeName.Mark(exception.Text("id") + exception.Object("start").Text("dateTime"));
            calendar.Events.Add(each);
        }

        if (!json.Flag("isAllDay") && !TimeZones.IsUtc(zone))
            calendar.AddTimeZone(
                VTimeZone.FromDateTimeZone(
                    zone.Id,
                    ZoneFrom(Start(json).InZone(zone).LocalDateTime.ToDateTimeUnspecified()),
                    includeHistoricalData: false
                )
            );
        return Encoding.UTF8.GetBytes(new CalendarSerializer().SerializeToString(calendar)!);
    }

    // The library writes a zone's rules from this date to a year from now, and refuses a later start; today's rules date from 2015.
    private static DateTime ZoneFrom(DateTime start) => start < s_rulesOfToday ? start : s_rulesOfToday;

    private static CalendarEvent Event(JsonElement json, JsonElement series, DateTimeZone zone)
    {
        var allDay = json.Flag("isAllDay");
        var result = new CalendarEvent
        {
            Uid = series.Text("iCalUId") is { Length: > 0 } uid ? uid : series.Text("id"),
            Summary = json.Text("subject"),
            Start = Edge(json.Object("start"), zone, allDay),
            End = Edge(json.Object("end"), zone, allDay),
            DtStamp = new CalDateTime(json.Time("lastModifiedDateTime", "createdDateTime").UtcDateTime, "UTC"),
            Created = new CalDateTime(json.Time("createdDateTime").UtcDateTime, "UTC"),
            LastModified = new CalDateTime(json.Time("lastModifiedDateTime", "createdDateTime").UtcDateTime, "UTC"),
            Location = json.Object("location").Text("displayName") is { Length: > 0 } place ? place : null,
            Status =
                json.Flag("isCancelled") ? "CANCELLED"
                : json.Text("showAs") == "tentative" ? "TENTATIVE"
                : "CONFIRMED",
            Transparency = json.Text("showAs") == "free" ? "TRANSPARENT" : "OPAQUE",
            Class = json.Text("sensitivity") switch
            {
                "private" or "personal" => "PRIVATE",
                "confidential" => "CONFIDENTIAL",
                _ => "PUBLIC",
            },
            Priority = json.Text("importance") switch
            {
                "high" => 1,
                "low" => 9,
                _ => 5,
            },
        };
        foreach (var category in json.Array("categories"))
            result.Categories.Add(category.AsText());
        AddText(result, json);
        AddPeople(result, json);
        result.AddProperty(
            "X-MICROSOFT-CDO-BUSYSTATUS",
            json.Text("showAs") switch
            {
                "free" => "FREE",
                "tentative" => "TENTATIVE",
                "oof" => "OOF",
                "workingElsewhere" => "WORKINGELSEWHERE",
                _ => "BUSY",
            }
        );
        if (json.Object("onlineMeeting").Text("joinUrl") is { Length: > 0 } join && Uri.TryCreate(join, UriKind.Absolute, out var address))
        {
            result.Url = address;
            result.AddProperty("X-MICROSOFT-SKYPETEAMSMEETINGURL", join);
        }

        if (json.Flag("isReminderOn") && json.Number("reminderMinutesBeforeStart") is { } before)
            result.Alarms.Add(
                new Alarm
                {
                    Action = "DISPLAY",
                    Description = result.Summary,
                    Trigger = new Trigger(Duration.FromMinutes(-before)),
                }
            );
        return result;
    }

    private static void AddText(CalendarEvent result, JsonElement json)
    {
        var body = json.Object("body");
        var preview = json.Text("bodyPreview");
        if (body.Text("contentType") == "text")
            preview = body.Text("content");
        else if (body.Text("content") is { Length: > 0 } html)
            result.AddProperty(new CalendarProperty("X-ALT-DESC", html) { Parameters = { new CalendarParameter("FMTTYPE", "text/html") } });
        if (preview.Length > 0)
            result.Description = preview;
    }

    private static void AddPeople(CalendarEvent result, JsonElement json)
    {
        if (Mail(json.Object("organizer")) is { } organizer)
            result.Organizer = new Organizer(organizer.Address.OriginalString) { CommonName = organizer.Name };
        foreach (var attendee in json.Array("attendees"))
        {
            if (Mail(attendee) is not { } mail)
                continue;
            result.Attendees.Add(
                new Attendee(mail.Address)
                {
                    CommonName = mail.Name,
                    Role = attendee.Text("type") switch
                    {
                        "optional" => "OPT-PARTICIPANT",
                        "resource" => "NON-PARTICIPANT",
                        _ => "REQ-PARTICIPANT",
                    },
                    Type = attendee.Text("type") == "resource" ? "RESOURCE" : "INDIVIDUAL",
                    ParticipationStatus = attendee.Object("status").Text("response") switch
                    {
                        "accepted" or "organizer" => "ACCEPTED",
                        "tentativelyAccepted" => "TENTATIVE",
                        "declined" => "DECLINED",
                        _ => "NEEDS-ACTION",
                    },
                    Rsvp = json.Flag("responseRequested"),
                }
            );
        }
    }

    private static (Uri Address, string Name)? Mail(JsonElement recipient)
    {
        var mail = recipient.Object("emailAddress");
        var address = mail.Text("address");

        // Exchange identifies some people by an X.500 path, which does not make a mailto address.
        if (!address.Contains('@', StringComparison.Ordinal) || !Uri.TryCreate("mailto:" + address, UriKind.Absolute, out var uri))
            return null;
        return (uri, mail.Text("name") is { Length: > 0 } name ? name : address);
    }

    private static void AddRecurrence(CalendarEvent master, JsonElement json, DateTimeZone zone)
    {
        var allDay = json.Flag("isAllDay");
        var time = Start(json).InZone(zone).TimeOfDay;
        string Until(DateOnly last) =>
            allDay
                ? last.ToString("yyyyMMdd", CultureInfo.InvariantCulture)
                : zone.AtLeniently(LocalDate.FromDateOnly(last).At(time))
                    .ToInstant()
                    .ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        if (EventRecurrence.Rule(json.Object("recurrence"), Until) is not { } rule)
            return;
        master.RecurrenceRule = new RecurrenceRule(rule);

        // "OID.<series>.<date>": the date of the occurrence in the series' own zone.
        foreach (var cancelled in json.Array("cancelledOccurrences").Select(each => each.AsText()))
        {
            if (cancelled.Length < 10 || !DateOnly.TryParse(cancelled[^10..], CultureInfo.InvariantCulture, out var date))
                continue;
            master.ExceptionDates.Add(
                allDay
                    ? new CalDateTime(date)
                    : Moment(zone.AtLeniently(LocalDate.FromDateOnly(date).At(time)).ToInstant(), zone, allDay: false)
            );
        }
    }

    // Only the date of an all-day event counts. Graph gives it as midnight in the zone that it names, not in the event's own.
    private static CalDateTime Edge(JsonElement moment, DateTimeZone zone, bool allDay) =>
        allDay ? new CalDateTime(DateOnly.FromDateTime(Local(moment))) : Moment(Instant(moment), zone, allDay: false);

    private static CalDateTime Moment(Instant instant, DateTimeZone zone, bool allDay)
    {
        if (allDay)
            return new CalDateTime(instant.InUtc().Date.ToDateOnly());
        return TimeZones.IsUtc(zone)
            ? new CalDateTime(instant.ToDateTimeUtc(), "UTC")
            : new CalDateTime(DateTime.SpecifyKind(instant.InZone(zone).ToDateTimeUnspecified(), DateTimeKind.Unspecified), zone.Id);
    }

    // At the limits of the calendar, where Outlook puts its "none", some zones have no local time; UTC has.
    private static bool HasTimeEverywhere(Instant instant) => instant > s_first && instant < s_last;

    private static DateTimeZone Zone(JsonElement json)
    {
        if (!HasTimeEverywhere(Start(json)) || !HasTimeEverywhere(Instant(json.Object("end"))))
            return DateTimeZone.Utc;
        foreach (
            var name in (string[])
                [
                    json.Object("recurrence").Object("range").Text("recurrenceTimeZone"),
                    json.Text("originalStartTimeZone"),
                    json.Object("start").Text("timeZone"),
                ]
        )
        {
            if (name.Length > 0 && TimeZones.Find(name) is { } zone)
                return zone;
        }

        return DateTimeZone.Utc;
    }

    private static Instant Start(JsonElement json) => Instant(json.Object("start"));

    // A local time with seven fractional digits, and its zone: UTC unless the request prefers another.
    private static Instant Instant(JsonElement moment)
    {
        var zone = TimeZones.Find(moment.Text("timeZone")) ?? DateTimeZone.Utc;
        return zone.AtLeniently(LocalDateTime.FromDateTime(Local(moment))).ToInstant();
    }

    private static DateTime Local(JsonElement moment) =>
        DateTime.TryParse(moment.Text("dateTime"), CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)
            ? DateTime.SpecifyKind(time, DateTimeKind.Unspecified)
            : new DateTime(1970, 1, 1);
}
