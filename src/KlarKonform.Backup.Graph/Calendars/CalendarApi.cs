using System.Text.Json;
using KlarKonform.Backup.Graph.Delta;
using KlarKonform.Backup.Graph.Governing;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Graph.Calendars;

/// <summary>
/// Calendars of one mailbox. v1.0 has delta only for a window of the primary calendar, where a removal may just mean "left the window"; so
/// every calendar is listed with its change keys, and only what changed is read.
/// </summary>
public sealed class CalendarApi(GraphClient client, string mailbox)
{
    /// <summary>The application permission for everything here.</summary>
    public const string Permission = "Calendars.Read";

    private const int PageSize = 500;
    private const string Listed = "id,changeKey,type,subject,start,hasAttachments";
    private const string Preferences = $"{OutlookPreferences.ImmutableIds}, {OutlookPreferences.UnsafeHtml}";

    // Everything except attachments. cancelledOccurrences is only returned if selected, so all properties have to be named
    // (resources/event.md).
    private const string Properties =
        "id,changeKey,categories,createdDateTime,lastModifiedDateTime,allowNewTimeProposals,attendees,body,bodyPreview,end,"
        + "hasAttachments,hideAttendees,iCalUId,importance,"
        + "isAllDay,isCancelled,isDraft,isOnlineMeeting,isOrganizer,isReminderOn,location,locations,onlineMeeting,"
        + "onlineMeetingProvider,onlineMeetingUrl,organizer,originalEndTimeZone,originalStart,"
        + "originalStartTimeZone,recurrence,reminderMinutesBeforeStart,responseRequested,responseStatus,sensitivity,"
        + "seriesMasterId,showAs,start,subject,transactionId,type,webLink";

    private readonly GraphScope _scope = GraphScope.Mailbox(mailbox);

    /// <summary>All calendars, including those in groups and shared ones.</summary>
    public IAsyncEnumerable<DeltaPage> CalendarsAsync(CancellationToken cancellationToken) =>
        DeltaReader.ReadAsync(client, Request($"/users/{mailbox}/calendars"), PageSize, PageKind.Listing, cancellationToken);

    /// <summary>Id, change key and kind of every single event and series of a calendar; never the occurrences.</summary>
    public IAsyncEnumerable<DeltaPage> EventsAsync(string calendar, CancellationToken cancellationToken) =>
        DeltaReader.ReadAsync(
            client,
            Request($"/users/{mailbox}/calendars/{Uri.EscapeDataString(calendar)}/events?$select={Listed}"),
            PageSize,
            PageKind.SkippableListing,
            cancellationToken
        );

    /// <summary>A calendar as it is now.</summary>
    public Task<JsonDocument> CalendarAsync(string calendar, CancellationToken cancellationToken) =>
        client.GetJsonAsync(Request($"/users/{mailbox}/calendars/{Uri.EscapeDataString(calendar)}"), cancellationToken);

    /// <summary>An event as the listing shows it.</summary>
    public Task<JsonDocument> EventAsync(string item, CancellationToken cancellationToken) =>
        client.GetJsonAsync(Request($"{Event(item)}?$select={Listed}"), cancellationToken);

    /// <summary>Events with everything but their attachments; a series with its exceptions and cancelled occurrences.</summary>
    /// <param name="events">Ids, and whether each is a series.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    public Task<IReadOnlyList<BatchAnswer>> EventsAsync(
        IReadOnlyList<(string Id, bool IsSeries)> events,
        CancellationToken cancellationToken
    ) =>
        new GraphBatch(client).GetAsync(
            _scope,
            Permission,
            [
                .. events.Select(each => new BatchItem(
                    $"{Event(each.Id)}?$select={Properties}{(each.IsSeries ? ",cancelledOccurrences&$expand=exceptionOccurrences" : "")}",
                    Preferences
                )),
            ],
            cancellationToken
        );

    /// <summary>The attachments of an event, without their contents.</summary>
    public IAsyncEnumerable<DeltaPage> AttachmentsAsync(string item, CancellationToken cancellationToken) =>
        DeltaReader.ReadAsync(
            client,
            Request($"{Event(item)}/attachments?$select=id,name,contentType,size,isInline,lastModifiedDateTime"),
            null,
            PageKind.Listing,
            cancellationToken
        );

    /// <summary>An attachment's bytes: a file as it is, an item as MIME or iCalendar. References have none.</summary>
    public async Task<Stream> AttachmentAsync(string item, string attachment, string contentType, CancellationToken cancellationToken)
    {
        var answer = await client
            .SendAsync(Request($"{Event(item)}/attachments/{Uri.EscapeDataString(attachment)}/$value"), cancellationToken)
            .ConfigureAwait(false);

        // A gateway's page, or an error, with status 200.
        var type = answer.Response.Content.Headers.ContentType?.MediaType;
        if (
            (type == "text/html" && !contentType.Contains("html", StringComparison.OrdinalIgnoreCase))
            || (type == "application/json" && !contentType.Contains("json", StringComparison.OrdinalIgnoreCase))
        )
        {
            answer.Dispose();
            throw GraphException.Broken("An attachment was asked for, and another kind of answer came.");
        }

        return await BufferedAnswer.OpenAsync(answer, client.Memory, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Proves that calendars can be read.</summary>
    /// <exception cref="GraphException">The mailbox's own error: <see cref="GraphException.IsOfResource"/>.</exception>
    public async Task ProbeAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await client
                .GetJsonAsync(Request($"/users/{mailbox}/calendars?$top=1"), cancellationToken)
                .ConfigureAwait(false);
        }
        catch (GraphException exception)
        {
            throw exception.OfResource();
        }
    }

    private GraphRequest Request(string path) => new(_scope, client.Address(path)) { Permission = Permission, Prefer = Preferences };

    private string Event(string id) => $"/users/{mailbox}/events/{Uri.EscapeDataString(id)}";
}
