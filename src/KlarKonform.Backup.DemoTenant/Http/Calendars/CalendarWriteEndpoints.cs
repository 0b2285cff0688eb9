using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using KlarKonform.Backup.DemoTenant.Http.Routing;
using KlarKonform.Backup.DemoTenant.Model;
using NodaTime;
using NodaTime.TimeZones;

namespace KlarKonform.Backup.DemoTenant.Http.Calendars;

/// <summary>
/// Writing events (api-reference/v1.0: calendar-post-events, event-update, event-list-instances). A client that names attendees sends
/// invitations.
/// </summary>
internal sealed class CalendarWriteEndpoints(DemoTenantModel tenant, UploadSessions uploads, RequestCounters counters)
{
    private const string Permission = "Calendars.ReadWrite";
    private const int MaxAttachment = 3_000_000;

    private static readonly HashSet<string> s_writable =
    [
        "subject",
        "body",
        "start",
        "end",
        "isAllDay",
        "location",
        "locations",
        "categories",
        "importance",
        "sensitivity",
        "showAs",
        "recurrence",
        "attendees",
        "reminderMinutesBeforeStart",
        "isReminderOn",
        "responseRequested",
        "allowNewTimeProposals",
        "hideAttendees",
        "transactionId",
        "singleValueExtendedProperties",
    ];

    private readonly HashSet<string> _transactions = [];

    public void Map(GraphRoutes routes)
    {
        void Add(string method, string pattern, string kind, Func<HttpContext, RouteValues, Task> handler) =>
            routes.Outlook("/users/{user}/" + pattern, Permission, kind, handler, method);
        Add("POST", "calendars", "createCalendar", CreateCalendar);
        Add("POST", "calendars/{calendar}/events", "createEvent", Create);
        Add("GET", "events/{event}/instances", "instances", Instances);
        Add("PATCH", "events/{event}", "changeEvent", Change);
        Add("DELETE", "events/{event}", "deleteEvent", Delete);
        Add(
            "POST",
            "events/{event}/attachments",
            "addAttachment",
            (context, values) =>
            {
                var json = GraphRoutes.Json(context);
                return context.AnswerAsync(
                    tenant,
                    () =>
                    {
                        var attachment = Attachments.Read(json, MaxAttachment, NewId("AT"));
                        Attach(values, attachment);
                        context.Response.StatusCode = 201;
                        return Attachments.Json(attachment);
                    }
                );
            }
        );
        Add(
            "POST",
            "events/{event}/attachments/createUploadSession",
            "uploadSession",
            (context, values) =>
            {
                var item = GraphRoutes.Json(context).GetProperty("AttachmentItem");
                return context.AnswerAsync(
                    tenant,
                    () =>
                        Attachments.Session(
                            uploads,
                            item,
                            attachment =>
                            {
                                lock (tenant)
                                    Attach(values, attachment with { Id = NewId("AT") });
                            }
                        )
                );
            }
        );
    }

    private Task CreateCalendar(HttpContext context, RouteValues values)
    {
        var name = CreatedMime.Text(GraphRoutes.Json(context), "name");
        return context.AnswerAsync(
            tenant,
            () =>
            {
                var mailbox = tenant.Mailbox(values["user"]);
                if (mailbox.Calendars.Values.Any(each => each.Name == name))
                    throw new GraphErrorException(409, "ErrorFolderExists", "A calendar with the specified name already exists.");
                var calendar = new DemoCalendar { Id = NewId("AQCalNEW"), Name = name };
                mailbox.Calendars.Add(calendar.Id, calendar);
                context.Response.StatusCode = 201;
                return new { id = calendar.Id, name };
            }
        );
    }

    private Task Create(HttpContext context, RouteValues values)
    {
        var json = GraphRoutes.Json(context);
        return context.AnswerAsync(
            tenant,
            () =>
            {
                var mailbox = tenant.Mailbox(values["user"]);
                if (!mailbox.Calendars.ContainsKey(values["calendar"]))
                    throw Mailboxes.NotFound();
                Check(json);
                if (CreatedMime.Text(json, "transactionId") is { Length: > 0 } transaction && !_transactions.Add(transaction))
                    throw new GraphErrorException(
                        409,
                        "ErrorDuplicateTransactionId",
                        "Your request can't be completed. The transaction id was used before."
                    );
                var (start, zone) = Moment(json.GetProperty("start"));
                var created = new DemoEvent
                {
                    Id = NewId("AAkEvtNEW"),
                    CalendarId = values["calendar"],
                    Subject = "",
                    Start = start,
                    End = Moment(json.GetProperty("end")).Time,
                    IsAllDay = json.TryGetProperty("isAllDay", out var allDay) && allDay.GetBoolean(),
                    Zone = zone,
                    Sensitivity = CreatedMime.Text(json, "sensitivity") is { Length: > 0 } sensitivity ? sensitivity : "normal",
                    Recurrence =
                        json.TryGetProperty("recurrence", out var recurrence) && recurrence.ValueKind == JsonValueKind.Object
                            ? Recurrence(recurrence)
                            : null,
                };
                Apply(created, json);
                mailbox.Events.Add(created.Id, created);
                context.Response.StatusCode = 201;
                return CalendarEndpoints.Json(created);
            }
        );
    }

    private Task Instances(HttpContext context, RouteValues values) =>
        context.AnswerAsync(
            tenant,
            () =>
            {
                var series = Find(values);
                var (from, to) = (Query(context, "startDateTime"), Query(context, "endDateTime"));
                var instances = Occurrences(series, to)
                    .Where(each =>
                        !series.Cancelled.Contains(DayOf(series, each))
                        && series.Exceptions.All(exception => exception.OriginalStart != each)
                    )
                    .Select(each => (Id: $"{series.Id}.{each:yyyyMMddHHmmss}", Start: each, End: each + (series.End - series.Start)))
                    .Concat(series.Exceptions.Select(each => (each.Id, each.Start, each.End)))
                    .Where(each => each.End > from && each.Start < to);
                return new
                {
                    value = instances
                        .Select(each => new
                        {
                            id = each.Id,
                            start = new
                            {
                                dateTime = each.Start.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff", CultureInfo.InvariantCulture),
                                timeZone = "UTC",
                            },
                        })
                        .ToArray(),
                };
            }
        );

    private Task Change(HttpContext context, RouteValues values)
    {
        var json = GraphRoutes.Json(context);
        return context.AnswerAsync(
            tenant,
            () =>
            {
                Check(json);
                var mailbox = tenant.Mailbox(values["user"]);
                var (series, original) = Occurrence(mailbox, values["event"]);
                if (series is null)
                {
                    var item = Find(values);
                    Apply(item, json);
                    item.Version++;
                    return CalendarEndpoints.Json(item);
                }

                var exception = new DemoEvent
                {
                    Id = values["event"],
                    CalendarId = series.CalendarId,
                    Subject = series.Subject,
                    Html = series.Html,
                    Start = original,
                    End = original + (series.End - series.Start),
                    IsAllDay = series.IsAllDay,
                    Zone = series.Zone,
                    OriginalStart = original,
                    ShowAs = series.ShowAs,
                };
                Apply(exception, json);
                series.Exceptions.Add(exception);
                series.Version++;
                return CalendarEndpoints.Json(exception, series.Id);
            }
        );
    }

    private Task Delete(HttpContext context, RouteValues values)
    {
        lock (tenant)
        {
            var mailbox = tenant.Mailbox(values["user"]);
            var (series, original) = Occurrence(mailbox, values["event"]);
            if (series is not null)
            {
                series.Cancelled.Add(DayOf(series, original));
                series.Version++;
            }
            else if (!mailbox.Events.Remove(values["event"]))
            {
                throw Mailboxes.NotFound();
            }
        }

        context.Response.StatusCode = 204;
        return Task.CompletedTask;
    }

    private void Check(JsonElement json)
    {
        if (json.EnumerateObject().Select(property => property.Name).FirstOrDefault(name => !s_writable.Contains(name)) is { } unknown)
            throw new GraphErrorException(
                400,
                "RequestBodyRead",
                $"The property '{unknown}' does not exist on type 'microsoft.graph.event' or cannot be set."
            );
        if (json.TryGetProperty("attendees", out var attendees) && attendees.GetArrayLength() > 0)
        {
            counters.Count("invitation");
            counters.Violate("invitations were sent");
        }
    }

    private static void Apply(DemoEvent item, JsonElement json)
    {
        string? Text(string name) =>
            json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        item.Subject = Text("subject") ?? item.Subject;
        item.ShowAs = Text("showAs") ?? item.ShowAs;
        item.Importance = Text("importance") ?? item.Importance;
        item.Sensitivity = Text("sensitivity") ?? item.Sensitivity;
        if (json.TryGetProperty("isAllDay", out var allDay))
            item.IsAllDay = allDay.GetBoolean();
        if (json.TryGetProperty("body", out var body))
            item.Html = CreatedMime.Text(body, "content");
        if (json.TryGetProperty("start", out var start))
            item.Start = Moment(start).Time;
        if (json.TryGetProperty("end", out var end))
            item.End = Moment(end).Time;
        if (json.TryGetProperty("location", out var location))
            item.Location = CreatedMime.Text(location, "displayName");
        if (json.TryGetProperty("categories", out var categories))
            item.Categories = [.. categories.EnumerateArray().Select(each => each.GetString()!)];
        if (json.TryGetProperty("reminderMinutesBeforeStart", out var minutes))
            item.ReminderMinutes = minutes.GetInt32();
        if (json.TryGetProperty("isReminderOn", out var on))
            item.IsReminderOn = on.GetBoolean();
        foreach (var property in CreatedMime.Array(json, "singleValueExtendedProperties"))
            item.Extended[property.GetProperty("id").GetString()!] = property.GetProperty("value").GetString()!;
    }

    private void Attach(RouteValues values, DemoAttachment attachment)
    {
        var item = Find(values);
        item.Attachments = [.. item.Attachments, attachment];
        item.Version++;
    }

    // An event, or a changed occurrence of a series.
    private DemoEvent Find(RouteValues values)
    {
        var events = tenant.Mailbox(values["user"]).Events;
        return events.GetValueOrDefault(values["event"])
            ?? events.Values.SelectMany(each => each.Exceptions).FirstOrDefault(each => each.Id == values["event"])
            ?? throw Mailboxes.NotFound();
    }

    // An occurrence's id consists of its series' id and its start.
    private static (DemoEvent? Series, DateTime Original) Occurrence(DemoMailbox mailbox, string id)
    {
        var dot = id.LastIndexOf('.');
        return dot > 0 && mailbox.Events.TryGetValue(id[..dot], out var series)
            ? (series, DateTime.ParseExact(id[(dot + 1)..], "yyyyMMddHHmmss", CultureInfo.InvariantCulture))
            : (null, default);
    }

    // An occurrence keeps its hour in the zone of the series, whatever the clocks do.
    private static IEnumerable<DateTime> Occurrences(DemoEvent series, DateTime until)
    {
        if (series.Recurrence is not { } recurrence)
            yield break;
        var zone = Zone(series.Zone);
        var first = series.IsAllDay
            ? LocalDateTime.FromDateTime(series.Start)
            : Instant.FromDateTimeUtc(DateTime.SpecifyKind(series.Start, DateTimeKind.Utc)).InZone(zone).LocalDateTime;
        for (var number = 0; ; number++)
        {
            var local = recurrence.Type switch
            {
                "daily" => first.PlusDays(number * recurrence.Interval),
                "weekly" => first.PlusWeeks(number * recurrence.Interval),
                "absoluteMonthly" => first.PlusMonths(number * recurrence.Interval),
                "absoluteYearly" => first.PlusYears(number * recurrence.Interval),
                _ => first.PlusMonths(number * recurrence.Interval), // Close enough: nothing uses these.
            };
            var start = series.IsAllDay ? local.ToDateTimeUnspecified() : zone.AtLeniently(local).ToDateTimeUtc();
            if (
                start >= until
                || (recurrence.Range == "numbered" && number >= recurrence.Count)
                || (recurrence.Range == "endDate" && DateOnly.FromDateTime(local.ToDateTimeUnspecified()) > recurrence.End)
            )
                yield break;
            yield return start;
        }
    }

    private static DateOnly DayOf(DemoEvent series, DateTime start) =>
        DateOnly.FromDateTime(
            series.IsAllDay
                ? start
                : Instant
                    .FromDateTimeUtc(DateTime.SpecifyKind(start, DateTimeKind.Utc))
                    .InZone(Zone(series.Zone))
                    .LocalDateTime.ToDateTimeUnspecified()
        );

    private static DateTimeZone Zone(string name) =>
        DateTimeZoneProviders.Tzdb.GetZoneOrNull(
            TzdbDateTimeZoneSource.Default.WindowsMapping.PrimaryMapping.TryGetValue(name, out var id) ? id : name
        ) ?? DateTimeZone.Utc;

    private static (DateTime Time, string Zone) Moment(JsonElement json)
    {
        var zone = CreatedMime.Text(json, "timeZone");
        var local = DateTime.Parse(CreatedMime.Text(json, "dateTime"), CultureInfo.InvariantCulture, DateTimeStyles.None);
        if (Zone(zone).Id == "UTC" && zone is not ("UTC" or "Etc/UTC"))
            throw new GraphErrorException(400, "TimeZoneNotSupportedException", $"The time zone '{zone}' is not supported.");
        return (Zone(zone).AtLeniently(LocalDateTime.FromDateTime(local)).ToDateTimeUtc(), zone);
    }

    private static DemoRecurrence Recurrence(JsonElement json)
    {
        var (pattern, range) = (json.GetProperty("pattern"), json.GetProperty("range"));
        static DateOnly Date(JsonElement from, string name) =>
            DateOnly.TryParse(CreatedMime.Text(from, name), CultureInfo.InvariantCulture, out var date) ? date : new DateOnly(1, 1, 1);
        int Number(JsonElement from, string name) =>
            from.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetInt32() : 0;
        return new DemoRecurrence(
            CreatedMime.Text(pattern, "type"),
            Number(pattern, "interval"),
            pattern.TryGetProperty("daysOfWeek", out var days) ? [.. days.EnumerateArray().Select(each => each.GetString()!)] : [],
            CreatedMime.Text(range, "type"),
            Date(range, "startDate")
        )
        {
            DayOfMonth = Number(pattern, "dayOfMonth"),
            Month = Number(pattern, "month"),
            Index = CreatedMime.Text(pattern, "index"),
            Count = Number(range, "numberOfOccurrences"),
            End = Date(range, "endDate"),
        };
    }

    private static DateTime Query(HttpContext context, string name) =>
        DateTime.Parse(
            context.Request.Query[name].ToString(),
            CultureInfo.InvariantCulture,
            DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal
        );

    private static string NewId(string prefix) => prefix + Convert.ToHexString(RandomNumberGenerator.GetBytes(8));
}
