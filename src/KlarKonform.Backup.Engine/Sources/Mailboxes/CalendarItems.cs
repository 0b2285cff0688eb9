using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Snapshots.Items;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Engine.Sources.Shapes;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Calendars;
using KlarKonform.Backup.Graph.Delta;
using KlarKonform.Backup.Graph.Http;
using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>
/// A mailbox's calendars. Each event is a JSON file, which is authoritative, with an iCalendar file for other programs and its attachments
/// next to it. v1.0 has no usable delta: calendars are listed and compared by change key.
/// </summary>
internal sealed class CalendarItems(CalendarApi calendars, ResourceBackup run) : IFolderedItems
{
    private static readonly JsonWriterOptions s_readable = new()
    {
        Indented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    // The JSON file has everything; the node carries what a search shows.
    private static readonly HashSet<string> s_summary =
    [
        "changeKey",
        "subject",
        "type",
        "iCalUId",
        "start",
        "end",
        "isAllDay",
        "isCancelled",
        "organizer",
        "categories",
        "lastModifiedDateTime",
    ];

    private readonly ConcurrentDictionary<string, bool> _missed = new(StringComparer.Ordinal);

    public bool HasDelta => false;

    public bool TellsPlace => false;

    public async Task<FolderChanges> ReadHierarchyAsync(CancellationToken cancellationToken)
    {
        try
        {
            var changes = await HierarchyReader.CollectAsync(
                calendars.CalendarsAsync(cancellationToken),
                complete: true,
                item => DescribeAsync(item, cancellationToken),
                cancellationToken
            );
            changes.Link = null;
            return changes;
        }
        catch (GraphException exception) when (exception.Kind == GraphErrorKind.NotProvisioned)
        {
            throw exception.OfResource(); // The first request to a mailbox: thousands have none and are not asked twice.
        }
    }

    public Task<bool> IsFolderThereAsync(string folder, CancellationToken cancellationToken) =>
        Presence.IsThereAsync(async () => (await calendars.CalendarAsync(folder, cancellationToken)).Dispose());

    public IAsyncEnumerable<DeltaPage> DeltaPagesAsync(string folder, Uri? cursor, CancellationToken cancellationToken) =>
        ListedPagesAsync(folder, cancellationToken);

    public IAsyncEnumerable<DeltaPage> ListedPagesAsync(string folder, CancellationToken cancellationToken) =>
        calendars.EventsAsync(folder, cancellationToken);

    public async Task<FetchedItem> FetchAsync(string id, string folder, CancellationToken cancellationToken) =>
        new(folder, await calendars.EventAsync(id, cancellationToken));

    public async Task StoreAsync(string folder, IReadOnlyList<SourceItem> items, Action onVanished, CancellationToken cancellationToken)
    {
        foreach (var part in (await ChangeKeys.ChangedAsync(run, folder, items, cancellationToken)).Chunk(GraphBatch.MaxItems))
        {
            var answers = await calendars.EventsAsync(
                [.. part.Select(item => (item.Id, item.Json.Text("type") == "seriesMaster"))],
                cancellationToken
            );
            foreach (var (item, answer) in part.Zip(answers))
            {
                await run.GuardAsync(
                    item.Id,
                    folder,
                    item.Json.Text("subject"),
                    async () =>
                    {
                        try
                        {
                            await StoreAsync(folder, item, answer.Item, cancellationToken);
                        }
                        catch (GraphException exception) when (exception.Kind == GraphErrorKind.NotFound)
                        {
                            // Deleted since it was listed, if the event itself says so: what accompanies it may be missing too. And only
                            // once: an event that the next round lists again, and that again cannot be read, exists.
                            if (!_missed.TryAdd(item.Id, true) || await IsThereAsync(item.Id, cancellationToken))
                                throw;
                            onVanished();
                            await run.ForgetAsync(item.Id, cancellationToken);
                        }
                    },
                    cancellationToken
                );
            }
        }
    }

    private async Task<SourceFolder?> DescribeAsync(JsonElement item, CancellationToken cancellationToken)
    {
        if (!GraphShapes.Calendar.Judge(item, run.Now).IsOdd)
            return Describe(item);
        using var answer = await calendars.CalendarAsync(item.Text("id"), cancellationToken);
        return GraphShapes.Calendar.Judge(answer.RootElement, run.Now) is { Wrong.Count: > 0 } verdict
            ? await OddFolder.KeepAsync(run, item.Text("id"), answer.RootElement, verdict, cancellationToken)
            : Describe(answer.RootElement);
    }

    private static SourceFolder Describe(JsonElement item)
    {
        var (id, name) = (item.Text("id"), item.Text("name"));
        return new SourceFolder(id, "", name, SafeName.From(name), ItemMetadata.Write("calendar", id, item));
    }

    private Task<bool> IsThereAsync(string id, CancellationToken cancellationToken) =>
        Presence.IsThereAsync(async () => (await calendars.EventAsync(id, cancellationToken)).Dispose());

    // The authoritative JSON first: what arrived is stored, whatever can be made of it or is available with it.
    private async Task StoreAsync(string folder, SourceItem item, JsonElement json, CancellationToken cancellationToken)
    {
        // A partial event never replaces a complete one, and the answer must be about this event.
        if (
            json.Text("id") != item.Id
            || (!json.TryGetProperty("start", out _) && await run.Store.FindAsync(item.Id, cancellationToken) is not null)
        )
            throw GraphException.Broken("The answer for an event is that of another one, or a part of it.");
        if (run.Full && !run.IsDue(item.Id) && await IsStoredAsync(folder, item, json, cancellationToken))
            return;
        var attachments = new EventAttachments(calendars, run);
        await attachments.ReadAsync(item.Id, json, cancellationToken);
        var missing = attachments.Missing.ToList();
        var parts = new List<(string Suffix, Node Node)>();
        parts.AddRange(attachments.Found.Where(each => each.Node is not null).Select(each => (each.Suffix, each.Node!)));
        var time = json.Time("lastModifiedDateTime", "createdDateTime");
        try
        {
            using var calendar = new MemoryStream(EventCalendar.Write(json, attachments.Found.Select(each => each.Json)));
            parts.Insert(0, (".ics", await run.SaveAsync(calendar, time, cancellationToken)));
        }
        catch (Exception exception) when (Wall.Holds(exception, cancellationToken))
        {
            missing.Add((Texts.Get("Extra_Copy", ".ics"), exception));
        }

        if (
            item.Json.Text("type") == "seriesMaster"
            && json.TryGetProperty("exceptionOccurrences", out var exceptions)
            && exceptions.ValueKind != JsonValueKind.Array
        )
            missing.Add((Texts.Get("Extra_Occurrences"), GraphException.Broken("The changed occurrences of a series are no list.")));
        using var truth = Truth(json, attachments.Found);
        var content = new ItemContent(await run.SaveAsync(truth, time, cancellationToken), parts);
        var (year, name) = Place(json, item.Id);
        var version = item.Json.Text("changeKey") is { Length: > 0 } listed ? listed : json.Text("changeKey");
        var entry = new ItemEntry
        {
            Id = item.Id,
            Parent = folder,
            Sub = year,
            Name = name,
            Version = version,
        };
        if (
            !(
                await run.Store.PutAsync(entry, content, ItemMetadata.Write("event", item.Id, json, s_summary), cancellationToken)
            ).IsSettled()
        )
            throw new GraphException(GraphErrorKind.Other, null, "FolderUnknown", "The event's calendar is not known yet.");
        await run.JudgeAsync(item.Id, folder, json.Text("subject"), EventJudge.Judge(json, run.Now), json, missing, cancellationToken);
        run.CountDownload();
    }

    // -Full fetches every event, and rewrites those whose stored version differs.
    private async Task<bool> IsStoredAsync(string folder, SourceItem item, JsonElement json, CancellationToken cancellationToken)
    {
        if (
            await run.Store.FindAsync(item.Id, cancellationToken) is not { } old
            || old.Parent != folder
            || old.Version != item.Json.Text("changeKey")
            || await run.Store.ReadAsync(old, cancellationToken) is not { } bytes
        )
            return false;
        using var stored = DeepJson.Parse(bytes);
        var before = stored.RootElement.Object("event");
        return before.ValueKind == JsonValueKind.Object
            && before
                .EnumerateObject()
                .Select(property => property.Name)
                .Union(json.EnumerateObject().Select(property => property.Name))
                .Where(name => !name.StartsWith('@'))
                .All(name => before.Written(name) == json.Written(name));
    }

    // The event as Graph sent it, and where its attachments are stored.
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
                foreach (
                    var property in attachment.Json.EnumerateObject().Where(property => property.Name is not ("fileSuffix" or "occurrence"))
                )
                    property.WriteTo(writer);
                if (attachment.Occurrence is not null)
                    writer.WriteString("occurrence", attachment.Occurrence);
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
        var start = DateTime.TryParse(
            json.Object("start").Text("dateTime"),
            CultureInfo.InvariantCulture,
            DateTimeStyles.None,
            out var time
        )
            ? time
            : DateTime.UnixEpoch;
        return (
            start.ToString("yyyy", CultureInfo.InvariantCulture),
            $"{start.ToString("yyyy-MM-dd HH.mm", CultureInfo.InvariantCulture)} {(subject.Length > 0 ? subject + " " : "")}["
                + $"{SafeName.Mark(id)}].json"
        );
    }
}
