using System.Globalization;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using KlarKonform.Backup.DemoTenant.Http.Routing;
using KlarKonform.Backup.DemoTenant.Model;

namespace KlarKonform.Backup.DemoTenant.Http.Calendars;

/// <summary>
/// Users' calendars: listings of single events and series masters, events with exceptions and cancelled occurrences (resources/event.md).
/// </summary>
internal sealed class CalendarEndpoints(DemoTenantModel tenant, DeltaPages pages)
{
    private const string Permission = "Calendars.Read";

    public void Map(GraphRoutes routes)
    {
        void Add(string pattern, string kind, Func<HttpContext, RouteValues, Task> handler) =>
            routes.Outlook("/users/{user}/" + pattern, Permission, kind, handler);
        Add("calendars", "calendars", (context, values) => Calendars(context, values["user"]));
        Add("calendars/{calendar}/events", "events", (context, values) => Events(context, values["user"], values["calendar"]));
        Add(
            "calendars/{calendar}",
            "calendar",
            (context, values) =>
                context.AnswerAsync(
                    tenant,
                    () =>
                        CalendarJson(
                            tenant.Mailbox(values["user"]).Calendars.GetValueOrDefault(values["calendar"]) ?? throw Mailboxes.NotFound(),
                            tenant.User(values["user"], "ErrorInvalidUser")
                        )
                )
        );
        Add("events/{event}", "event", (context, values) => Get(context, values["user"], values["event"]));
        Add("events/{event}/attachments", "attachments", (context, values) => ListAttachments(context, values["user"], values["event"]));
        Add(
            "events/{event}/attachments/{attachment}/$value",
            "attachmentContent",
            (context, values) =>
            {
                DemoAttachment found;
                lock (tenant)
                    found = Attachments.Find(Find(values["user"], values["event"]).Attachments, values["attachment"]);
                return Attachments.WriteAsync(context, found);
            }
        );
    }

    /// <summary>An event as the answer to a request for it, with exceptions and cancelled occurrences for a series.</summary>
    public static Dictionary<string, object?> Json(DemoEvent item, string? seriesMaster = null)
    {
        var json = new Dictionary<string, object?>
        {
            ["@odata.etag"] = $"W/\"{item.ChangeKey}\"",
            ["id"] = item.Id,
            ["changeKey"] = item.ChangeKey,
            ["categories"] = item.Categories,
            ["createdDateTime"] = "2026-01-02T08:00:00.1234567Z",
            ["lastModifiedDateTime"] = DeltaPages.Time(new DateTimeOffset(2026, 1, 2, 8, 0, 0, TimeSpan.Zero).AddMinutes(item.Version)),
            ["originalStartTimeZone"] = item.Zone,
            ["originalEndTimeZone"] = item.Zone,
            ["iCalUId"] =
                "040000008200E00074C5B7101A82E008" + Convert.ToHexString(System.Text.Encoding.ASCII.GetBytes(seriesMaster ?? item.Id)),
            ["reminderMinutesBeforeStart"] = item.ReminderMinutes,
            ["isReminderOn"] = item.IsReminderOn ?? !item.IsAllDay,
            ["hasAttachments"] = item.Attachments.Any(attachment => !attachment.IsInline),
            ["subject"] = item.Subject,
            ["bodyPreview"] = item.Html.Length > 0 ? "Vorschau: " + item.Subject : "",
            ["importance"] = item.Importance,
            ["sensitivity"] = item.Sensitivity,
            ["isAllDay"] = item.IsAllDay,
            ["isCancelled"] = item.IsCancelled,
            ["isOrganizer"] = true,
            ["responseRequested"] = true,
            ["seriesMasterId"] = seriesMaster,
            ["showAs"] = item.ShowAs,
            ["type"] =
                seriesMaster is not null ? "exception"
                : item.Recurrence is null ? "singleInstance"
                : "seriesMaster",
            ["webLink"] = $"https://outlook.example/?itemid={item.Id}",
            ["isOnlineMeeting"] = item.IsOnline,
            ["onlineMeetingProvider"] = item.IsOnline ? "teamsForBusiness" : "unknown",
            ["onlineMeeting"] = item.IsOnline
                ? new { joinUrl = $"https://teams.example/l/meetup-join/{item.Id}", conferenceId = "123456789" }
                : null,
            ["body"] = new { contentType = "html", content = item.Html },
            ["start"] = Moment(item.Start),
            ["end"] = Moment(item.End),
            ["location"] = new { displayName = item.Location, locationType = "default" },
            ["organizer"] = new { emailAddress = new { name = "Anna Muster", address = "anna@demo.example" } },
            ["attendees"] = item
                .Attendees.Select(each => new
                {
                    type = each.Type,
                    status = new { response = each.Response, time = "0001-01-01T00:00:00Z" },
                    emailAddress = new { name = each.Name, address = each.Address },
                })
                .ToArray(),
            ["recurrence"] = item.Recurrence is { } recurrence ? Recurrence(recurrence, item.Zone) : null,
        };
        if (item.OriginalStart is { } original)
            json["originalStart"] = DateTime
                .SpecifyKind(original, DateTimeKind.Utc)
                .ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return json;
    }

    /// <summary>A series with what $select=cancelledOccurrences and $expand=exceptionOccurrences add to it.</summary>
    public static Dictionary<string, object?> Series(DemoEvent item)
    {
        var json = Json(item);
        json["cancelledOccurrences"] = item
            .Cancelled.Select(date => $"OID.{item.Id}.{date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}")
            .ToArray();
        json["exceptionOccurrences"] = item.Exceptions.Select(exception => Json(exception, item.Id)).ToArray();
        return json;
    }

    private static Dictionary<string, object?> CalendarJson(DemoCalendar calendar, DemoUser user) =>
        new()
        {
            ["id"] = calendar.Id,
            ["name"] = calendar.Name,
            ["color"] = "auto",
            ["isDefaultCalendar"] = calendar.IsDefault,
            ["canEdit"] = true,
            ["owner"] = new { name = user.Id, address = user.UserPrincipalName },
        };

    private Task Calendars(HttpContext context, string user)
    {
        object body;
        lock (tenant)
        {
            body = pages.List(
                context.Request,
                $"/users/{user}/calendars",
                10,
                [.. tenant.Mailbox(user).Calendars.Values.Select(calendar => CalendarJson(calendar, tenant.User(user, "ErrorInvalidUser")))]
            );
        }

        return context.Response.WriteAsJsonAsync(body);
    }

    private Task Events(HttpContext context, string user, string calendar)
    {
        object body;
        lock (tenant)
        {
            var mailbox = tenant.Mailbox(user);
            if (!mailbox.Calendars.ContainsKey(calendar))
                throw Mailboxes.NotFound();
            body = pages.List(
                context.Request,
                $"/users/{user}/calendars/{calendar}/events",
                10,
                [
                    .. mailbox
                        .Events.Values.Where(each => each.CalendarId == calendar)
                        .Select(each => ODataPaging.Expand(Json(each), each.Extended, context.Request)),
                ]
            );
        }

        return context.Response.WriteAsJsonAsync(body);
    }

    private Task Get(HttpContext context, string user, string id)
    {
        object body;
        lock (tenant)
        {
            var item = Find(user, id);
            var json = Json(item);
            var select = context.Request.Query["$select"].ToString();
            var series = Series(item);
            if (item.Recurrence is not null && select.Split(',').Contains("cancelledOccurrences"))
                json["cancelledOccurrences"] = series["cancelledOccurrences"];
            json = ODataPaging.Select(json, select);
            if (
                item.Recurrence is not null
                && context.Request.Query["$expand"].ToString().Contains("exceptionOccurrences", StringComparison.Ordinal)
            )
                json["exceptionOccurrences"] = series["exceptionOccurrences"];
            body = json;
        }

        return context.Response.WriteAsJsonAsync(body);
    }

    private Task ListAttachments(HttpContext context, string user, string id)
    {
        object body;
        lock (tenant)
            body = pages.List(
                context.Request,
                $"/users/{user}/events/{id}/attachments",
                10,
                [.. Find(user, id).Attachments.Select(Attachments.Json)]
            );
        return context.Response.WriteAsJsonAsync(body);
    }

    // A changed occurrence is an event with an id and attachments of its own.
    private DemoEvent Find(string user, string id) =>
        tenant.Mailbox(user).Events.GetValueOrDefault(id)
        ?? tenant.Mailbox(user).Events.Values.SelectMany(each => each.Exceptions).FirstOrDefault(each => each.Id == id)
        ?? throw Mailboxes.NotFound();

    private static object Moment(DateTime time) =>
        new { dateTime = time.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff", CultureInfo.InvariantCulture), timeZone = "UTC" };

    private static object Recurrence(DemoRecurrence recurrence, string zone) =>
        new
        {
            pattern = new
            {
                type = recurrence.Type,
                interval = recurrence.Interval,
                month = recurrence.Month,
                dayOfMonth = recurrence.DayOfMonth,
                daysOfWeek = recurrence.Days,
                firstDayOfWeek = "monday",
                index = recurrence.Index,
            },
            range = new
            {
                type = recurrence.Range,
                startDate = recurrence.Start.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                endDate = recurrence.End.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                recurrenceTimeZone = zone,
                numberOfOccurrences = recurrence.Count,
            },
        };
}
