using System.Globalization;
using System.Text.Json;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Runs;
using KlarKonform.Backup.Engine.Sources.Folders;
using KlarKonform.Backup.Engine.State;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Calendars;
using KlarKonform.Backup.Graph.Delta;
using KlarKonform.Backup.Graph.Directory;
using KlarKonform.Backup.Graph.Http;
using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Engine.Sources.Calendar;

/// <summary>
/// A mailbox's calendars. Each event is a JSON file, the truth, with an iCalendar file that other programs open and its attachments beside
/// it. v1.0 has no usable delta: calendars are listed and compared by change key. Used for one run.
/// </summary>
internal sealed class CalendarSource(GraphClient client, GraphUser user) : MailboxSource(user, "Calendar")
{
    private static readonly JsonWriterOptions s_readable = new() { Indented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // The JSON file holds everything; the node carries what a search shows.
    private static readonly HashSet<string> s_summary =
    [
        "changeKey", "subject", "type", "iCalUId", "start", "end", "isAllDay", "isCancelled", "organizer", "categories", "lastModifiedDateTime",
    ];

    private readonly CalendarApi _calendars = new(client, user.Id);
    private ResourceRun _run = null!;

    public override IAsyncEnumerable<DeltaPage> ItemsAsync(string folder, Uri? link, CancellationToken cancellationToken) => _calendars.EventsAsync(folder, cancellationToken);

    public override IAsyncEnumerable<DeltaPage> ListAsync(string folder, CancellationToken cancellationToken) => _calendars.EventsAsync(folder, cancellationToken);

    public override async Task ApplyAsync(ItemRound round, string folder, IReadOnlyList<SourceItem> items, CancellationToken cancellationToken)
    {
        foreach (var part in (await ChangedAsync(_run, folder, items, cancellationToken).ConfigureAwait(false)).Chunk(GraphBatch.MaxItems))
        {
            var answers = await _calendars.EventsAsync([.. part.Select(item => (item.Id, item.Json.Text("type") == "seriesMaster"))], cancellationToken).ConfigureAwait(false);
            foreach (var (item, answer) in part.Zip(answers))
                await ApplyAsync(round, folder, item, answer, cancellationToken).ConfigureAwait(false);
        }
    }

    protected override async Task<FolderChanges> FoldersAsync(ResourceRun run, CancellationToken cancellationToken)
    {
        _run = run;
        var changes = await FolderReader.CollectAsync(_calendars.CalendarsAsync(cancellationToken), complete: true, item =>
        {
            var (id, name) = (item.Text("id"), item.Text("name"));
            return new SourceFolder(id, "", name, SafeName.From(name), ItemMetadata.Write("calendar", id, item));
        }).ConfigureAwait(false);
        changes.Link = null;
        return changes;
    }

    protected override Task<(string Folder, JsonDocument Item)> ItemAsync(string id, string folder, CancellationToken cancellationToken) =>
        throw new GraphException(GraphErrorKind.NotFound, null, "NotListed", "The calendar's listing mentions every event that is there; this one is gone.");

    private async Task ApplyAsync(ItemRound round, string folder, SourceItem item, BatchAnswer answer, CancellationToken cancellationToken)
    {
        try
        {
            if (answer.Failure is { } failure)
                throw failure;
            var json = answer.Body;
            var attachments = await AttachmentsAsync(item.Id, json, cancellationToken).ConfigureAwait(false);
            var parts = new List<(string Suffix, Node Node)>();
            parts.AddRange(attachments.Where(each => each.Node is not null).Select(each => (each.Suffix, each.Node!)));
            var time = json.Time("lastModifiedDateTime", "createdDateTime");
            using (var calendar = new MemoryStream(EventCalendar.Write(json, attachments.Select(each => each.Json))))
                parts.Insert(0, (".ics", await _run.SaveAsync(calendar, time, cancellationToken).ConfigureAwait(false)));
            using var truth = Truth(json, attachments);
            var content = new ItemContent(await _run.SaveAsync(truth, time, cancellationToken).ConfigureAwait(false), parts);
            var (year, name) = Place(json, item.Id);
            var entry = new ItemEntry { Id = item.Id, Parent = folder, Sub = year, Name = name, Version = json.Text("changeKey") };
            if (!await _run.Store.PutAsync(entry, content, ItemMetadata.Write("event", item.Id, json, s_summary), cancellationToken).ConfigureAwait(false))
                throw new GraphException(GraphErrorKind.Other, null, "FolderUnknown", "The event's calendar is not known yet.");
            await _run.ForgetFailureAsync(item.Id, cancellationToken).ConfigureAwait(false);
            _run.CountDownload();
        }
        catch (GraphException exception) when (exception.Kind == GraphErrorKind.NotFound)
        {
            round.Missed();
            await _run.ForgetFailureAsync(item.Id, cancellationToken).ConfigureAwait(false);
        }
        catch (GraphException exception) when (ResourceRun.IsItemFailure(exception))
        {
            await _run.FailAsync(item.Id, folder, item.Json.Text("subject"), exception, cancellationToken).ConfigureAwait(false);
        }
    }

    // hasAttachments is false where all attachments are pictures inside the text.
    private async Task<IReadOnlyList<EventAttachment>> AttachmentsAsync(string id, JsonElement json, CancellationToken cancellationToken)
    {
        var attachments = new List<EventAttachment>();
        if (!json.Flag("hasAttachments") && !json.Object("body").Text("content").Contains("cid:", StringComparison.OrdinalIgnoreCase))
            return attachments;
        await foreach (var page in _calendars.AttachmentsAsync(id, cancellationToken).ConfigureAwait(false))
        {
            foreach (var attachment in page.Items)
                attachments.Add(await AttachmentAsync(id, attachment.Clone(), attachments.Count + 1, cancellationToken).ConfigureAwait(false));
        }

        return attachments;
    }

    private async Task<EventAttachment> AttachmentAsync(string id, JsonElement attachment, int number, CancellationToken cancellationToken)
    {
        // A reference names a file in the cloud and has no bytes of its own.
        if (attachment.Text("@odata.type") == "#microsoft.graph.referenceAttachment")
            return new EventAttachment(attachment, "", null);
        var name = SafeName.Shorten(SafeName.From(attachment.Text("name"), "attachment"), 80);
        if (attachment.Text("@odata.type") == "#microsoft.graph.itemAttachment" && !System.IO.Path.HasExtension(name))
            name += ".eml";
        await using var content = await _calendars.AttachmentAsync(id, attachment.Text("id"), cancellationToken).ConfigureAwait(false);
        var node = await _run.SaveAsync(content, attachment.Time("lastModifiedDateTime"), cancellationToken).ConfigureAwait(false);
        return new EventAttachment(attachment, $" {number} {name}", node);
    }

    // The event as Graph sent it, and where its attachments lie.
    private static MemoryStream Truth(JsonElement json, IReadOnlyList<EventAttachment> attachments)
    {
        var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, s_readable))
        {
            writer.WriteStartObject();
            writer.WritePropertyName("event");
            json.WriteTo(writer);
            writer.WriteStartArray("attachments");
            foreach (var attachment in attachments)
            {
                writer.WriteStartObject();
                foreach (var property in attachment.Json.EnumerateObject())
                    property.WriteTo(writer);
                if (attachment.Node is not null)
                    writer.WriteString("fileSuffix", attachment.Suffix);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        stream.Position = 0;
        return stream;
    }

    private static (string Year, string Name) Place(JsonElement json, string id)
    {
        var subject = SafeName.Shorten(SafeName.From(json.Text("subject"), ""), 120).Trim();
        var start = DateTime.TryParse(json.Object("start").Text("dateTime"), CultureInfo.InvariantCulture, DateTimeStyles.None, out var time) ? time : DateTime.UnixEpoch;
        return (start.ToString("yyyy", CultureInfo.InvariantCulture),
            $"{start.ToString("yyyy-MM-dd HH.mm", CultureInfo.InvariantCulture)} {(subject.Length > 0 ? subject + " " : "")}[{SafeName.Mark(id)}].json");
    }
}
