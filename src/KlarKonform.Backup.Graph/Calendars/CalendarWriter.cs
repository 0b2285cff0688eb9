using System.Globalization;
using System.Text.Json;
using KlarKonform.Backup.Graph.Delta;
using KlarKonform.Backup.Graph.Governing;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Graph.Calendars;

/// <summary>Writes events into one mailbox's calendars, for a restore. Thread-safe.</summary>
public sealed class CalendarWriter(GraphClient client, string mailbox)
{
    /// <summary>The application permission for everything here.</summary>
    public const string Permission = "Calendars.ReadWrite";

    private const int PageSize = 500;

    private readonly GraphScope _scope = GraphScope.Mailbox(mailbox);

    /// <summary>The mailbox's calendars.</summary>
    public IAsyncEnumerable<DeltaPage> CalendarsAsync(CancellationToken cancellationToken) => DeltaReader.ReadAsync(client, Request($"/users/{mailbox}/calendars"), null, cancellationToken);

    /// <summary>Makes a calendar.</summary>
    /// <returns>Its id.</returns>
    public async Task<string> CreateCalendarAsync(string name, CancellationToken cancellationToken)
    {
        using var created = await client.GetJsonAsync(Request($"/users/{mailbox}/calendars", new { name }), cancellationToken).ConfigureAwait(false);
        return created.RootElement.GetProperty("id").GetString()!;
    }

    /// <summary>What tells events of a calendar apart: <c>iCalUId</c> and a property of the caller's.</summary>
    public IAsyncEnumerable<DeltaPage> EventsAsync(string calendar, string property, CancellationToken cancellationToken) => DeltaReader.ReadAsync(client,
        Request($"/users/{mailbox}/calendars/{Uri.EscapeDataString(calendar)}/events?$select=id,iCalUId,subject&$expand=singleValueExtendedProperties($filter={Uri.EscapeDataString($"id eq '{property}'")})"), PageSize, cancellationToken);

    /// <summary>Makes an event; one that names attendees would send invitations.</summary>
    /// <returns>Its id.</returns>
    public async Task<string> CreateAsync(string calendar, byte[] json, CancellationToken cancellationToken)
    {
        await client.Governor.WriteAsync(_scope, json.Length, cancellationToken).ConfigureAwait(false);
        using var created = await client.GetJsonAsync(Request($"/users/{mailbox}/calendars/{Uri.EscapeDataString(calendar)}/events") with { Body = json, IsCreation = true }, cancellationToken).ConfigureAwait(false);
        return created.RootElement.GetProperty("id").GetString()!;
    }

    /// <summary>The id of a series' occurrence that begins within a span, or null.</summary>
    public async Task<string?> InstanceAsync(string series, DateTime from, DateTime to, CancellationToken cancellationToken)
    {
        static string Time(DateTime time) => time.ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture) + "Z";
        await foreach (var page in DeltaReader.ReadAsync(client, Request($"{Event(series)}/instances?startDateTime={Time(from)}&endDateTime={Time(to)}&$select=id,start"), null, cancellationToken).ConfigureAwait(false))
        {
            foreach (var item in page.Items)
            {
                if (DateTime.TryParse(item.GetProperty("start").GetProperty("dateTime").GetString(), CultureInfo.InvariantCulture, DateTimeStyles.None, out var start) && start >= from && start < to)
                    return item.GetProperty("id").GetString();
            }
        }

        return null;
    }

    /// <summary>Changes an event or an occurrence.</summary>
    public Task ChangeAsync(string item, byte[] json, CancellationToken cancellationToken) =>
        client.PerformAsync(Request(Event(item)) with { Method = HttpMethod.Patch, Body = json }, cancellationToken);

    /// <summary>Takes an event or an occurrence away. Nobody is told as long as it has no attendees.</summary>
    public Task DeleteAsync(string item, CancellationToken cancellationToken) => client.PerformAsync(Request(Event(item)) with { Method = HttpMethod.Delete }, cancellationToken);

    /// <summary>Adds a file to an event.</summary>
    public Task AttachAsync(string item, OutlookAttachment attachment, CancellationToken cancellationToken) =>
        new OutlookAttachments(client, _scope, Permission).AddAsync(Event(item), attachment, cancellationToken);

    private string Event(string id) => $"/users/{mailbox}/events/{Uri.EscapeDataString(id)}";

    private GraphRequest Request(string path) => new(_scope, client.Address(path)) { Permission = Permission, Prefer = OutlookPreferences.ImmutableIds };

    private GraphRequest Request(string path, object body) => Request(path) with { Body = JsonSerializer.SerializeToUtf8Bytes(body), IsCreation = true };
}
