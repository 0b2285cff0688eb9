using System.Globalization;
using System.Text.Json;
using KlarKonform.Backup.Graph.Delta;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Graph.Calendars;

/// <summary>Writes events into one mailbox's calendars, for a restore. Thread-safe.</summary>
public sealed class CalendarWriter(GraphClient client, string mailbox)
{
    /// <summary>The application permission for everything here.</summary>
    public const string Permission = "Calendars.ReadWrite";

    private const int PageSize = 500;

    private readonly OutlookWriter _outlook = new(client, mailbox, Permission);

    /// <summary>The mailbox's calendars.</summary>
    public IAsyncEnumerable<DeltaPage> CalendarsAsync(CancellationToken cancellationToken) =>
        DeltaReader.ReadAsync(client, _outlook.Request($"/users/{mailbox}/calendars"), null, PageKind.Listing, cancellationToken);

    /// <summary>Creates a calendar.</summary>
    /// <returns>Its id.</returns>
    public Task<string> CreateCalendarAsync(string name, CancellationToken cancellationToken) =>
        _outlook.CreateAsync($"/users/{mailbox}/calendars", JsonSerializer.SerializeToUtf8Bytes(new { name }), cancellationToken);

    /// <summary>What distinguishes events of a calendar: <c>iCalUId</c> and a property chosen by the caller.</summary>
    public IAsyncEnumerable<DeltaPage> EventsAsync(string calendar, string property, CancellationToken cancellationToken) =>
        DeltaReader.ReadAsync(
            client,
            _outlook.Request(
                $"/users/{mailbox}/calendars/{Uri.EscapeDataString(calendar)}/events?$select=id,iCalUId,subject&"
                    + $"$expand=singleValueExtendedProperties($filter={Uri.EscapeDataString($"id eq '{property}'")})"
            ),
            PageSize,
            PageKind.Listing,
            cancellationToken
        );

    /// <summary>Creates an event; one that names attendees would send invitations.</summary>
    /// <returns>Its id.</returns>
    public Task<string> CreateAsync(string calendar, byte[] json, CancellationToken cancellationToken) =>
        _outlook.CreateAsync($"/users/{mailbox}/calendars/{Uri.EscapeDataString(calendar)}/events", json, cancellationToken);

    /// <summary>The id of a series' occurrence that begins within a span, or null.</summary>
    public async Task<string?> InstanceAsync(string series, DateTime from, DateTime to, CancellationToken cancellationToken)
    {
        static string Time(DateTime time) => time.ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture) + "Z";
        await foreach (
            var page in DeltaReader
                .ReadAsync(
                    client,
                    _outlook.Request($"{Event(series)}/instances?startDateTime={Time(from)}&endDateTime={Time(to)}&$select=id,start"),
                    null,
                    PageKind.Listing,
                    cancellationToken
                )
                .ConfigureAwait(false)
        )
        {
            foreach (var item in page.Items)
            {
                if (
                    DateTime.TryParse(
                        item.GetProperty("start").GetProperty("dateTime").GetString(),
                        CultureInfo.InvariantCulture,
                        DateTimeStyles.None,
                        out var start
                    )
                    && start >= from
                    && start < to
                )
                    return item.GetProperty("id").GetString();
            }
        }

        return null;
    }

    /// <summary>Changes an event or an occurrence.</summary>
    public Task ChangeAsync(string item, byte[] json, CancellationToken cancellationToken) =>
        client.PerformAsync(_outlook.Request(Event(item)) with { Method = HttpMethod.Patch, Body = json }, cancellationToken);

    /// <summary>Deletes an event or an occurrence. No one is notified as long as it has no attendees.</summary>
    public Task DeleteAsync(string item, CancellationToken cancellationToken) =>
        client.PerformAsync(_outlook.Request(Event(item)) with { Method = HttpMethod.Delete }, cancellationToken);

    /// <summary>Adds a file to an event.</summary>
    public Task AttachAsync(string item, OutlookAttachment attachment, CancellationToken cancellationToken) =>
        new OutlookAttachments(client, _outlook.Scope, Permission).AddAsync(Event(item), attachment, cancellationToken);

    private string Event(string id) => $"/users/{mailbox}/events/{Uri.EscapeDataString(id)}";
}
