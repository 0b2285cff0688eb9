using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using KlarKonform.Backup.Engine.Browsing;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Snapshots.Items;
using KlarKonform.Backup.Graph.Calendars;
using KlarKonform.Backup.Graph.Http;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Engine.Restore.ToMicrosoft365;

/// <summary>Puts events back, series with their exceptions, without notifying anyone.</summary>
internal sealed class CalendarRestorer : IResourceRestorer
{
    private readonly RestoreContext _context;
    private readonly string _shown;
    private readonly bool _isSource;
    private readonly CalendarWriter _writer;
    private readonly PresentItems _present;
    private readonly AsyncLock _gate = new();
    private List<(string Id, string Name, bool IsDefault)>? _calendars;

    public CalendarRestorer(RestoreContext context, string user, string shown, bool isSource)
    {
        _context = context;
        _shown = shown;
        _isSource = isSource;
        _writer = new CalendarWriter(context.Client, user);
        _present = new PresentItems(KeysAsync);
    }

    public int Concurrency => 4;

    public void Dispose() => _gate.Dispose();

    public string Place => $"{_shown}: Calendar";

    public bool IsItem(SnapshotEntry entry) => !entry.Node.IsDirectory && entry.Node.Attribute(ItemMetadata.Attribute) is not null;

    public Task EnsureFolderAsync(IReadOnlyList<RestoreFolder> folders, CancellationToken cancellationToken) =>
        folders.Count == 0 ? Task.CompletedTask : CalendarAsync(folders, cancellationToken);

    public async Task<RestoredItem?> RestoreAsync(RestoreItem item, CancellationToken cancellationToken)
    {
        var (calendar, name) = await CalendarAsync(item.Folders, cancellationToken);
        if (_context.TakePlace(calendar, item) is var claim and not RestoreContext.Claim.First)
            return claim == RestoreContext.Claim.Same ? null : RestoreContext.OtherVersion(item, $"{_shown}: {name}");
        var (place, size) = ($"{_shown}: {name}", (long)item.Entry.Node.Size);
        using var memory = await _context.TakeAsync(size, cancellationToken);
        using var stored = StoredJson.Parse(await _context.ReadAsync(item.Entry.Node, cancellationToken));
        var json = stored.RootElement.Object("event");
        if (json.ValueKind != JsonValueKind.Object)
            throw new FormatException(Texts.Get("RestoreNoEvent"));
        var origin =
            json.Text("iCalUId") is { Length: > 0 } uid ? uid
            : item.Id.Length > 0 ? item.Id
            : json.Text("id");
        if (_context.Request.Conflict != RestoreConflict.Rename && await _present.TakeAsync(calendar, origin, cancellationToken))
            return new RestoredItem(item.Entry.Path, place, size, RestoreOutcomes.Skipped) { Detail = Texts.Get("RestoreIsThere") };
        var before = await _present.CountAsync(calendar, origin, cancellationToken);
        var body = EventJson.Write(json, origin, TransactionOf(item));
        var id = await IdempotentCreate.OnceAsync(
            token => _writer.CreateAsync(calendar, body, token),
            token => ArrivedAsync(calendar, origin, before, token),
            _context.Time,
            cancellationToken
        );
        var notes = new List<string>();
        await IdempotentCreate.WholeAsync(
            async () =>
            {
                var instances = await RestoreExceptionsAsync(id, json, notes, cancellationToken);
                await AttachAsync(item, id, instances, stored.RootElement.Array("attachments"), notes, cancellationToken);
            },
            token => _writer.DeleteAsync(id, token)
        );
        _present.Added(calendar, origin);
        if (json.Flag("isCancelled"))
            notes.Add(Texts.Get("RestoreCancelledEvent"));
        return new RestoredItem(item.Entry.Path, place, size, RestoreOutcomes.Restored)
        {
            Detail = notes.Count > 0 ? string.Join(" ", notes) : null,
        };
    }

    // The same id for the same request within this restore; another restore uses another.
    private Guid TransactionOf(RestoreItem item) =>
        new(
            SHA256
                .HashData(Encoding.UTF8.GetBytes($"{_context.Id}/{item.Entry.Path}/{string.Join(' ', item.Entry.Node.Content ?? [])}"))
                .AsSpan(0, 16)
        );

    // Returns the restored occurrences by the ids of the changed ones in the backup. One that is malformed or refused affects only itself.
    private async Task<Dictionary<string, string>> RestoreExceptionsAsync(
        string series,
        JsonElement json,
        List<string> notes,
        CancellationToken cancellationToken
    )
    {
        var instances = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var exception in json.Array("exceptionOccurrences"))
        {
            var start = EventJson.OriginalStart(exception);
            var lost = Texts.Get("RestoreExceptionLost", start.ToString("d", CultureInfo.CurrentCulture));
            await IdempotentCreate.SideAsync(
                async () =>
                {
                    var (from, to) = json.Flag("isAllDay") ? (start.AddHours(-14), start.AddHours(14)) : (start, start.AddMinutes(1));
                    if (await _writer.InstanceAsync(series, from, to, cancellationToken) is not { } instance)
                    {
                        notes.Add(lost);
                        return;
                    }

                    await _writer.ChangeAsync(instance, EventJson.WriteException(exception), cancellationToken);
                    if (exception.Text("id") is { Length: > 0 } id)
                        instances[id] = instance;
                },
                notes,
                lost,
                cancellationToken
            );
        }

        foreach (var date in EventJson.Cancelled(json))
        {
            await IdempotentCreate.SideAsync(
                async () =>
                {
                    var (from, to) = EventJson.DayOf(json, date);
                    if (await _writer.InstanceAsync(series, from, to, cancellationToken) is { } instance)
                        await _writer.DeleteAsync(instance, cancellationToken);
                },
                notes,
                Texts.Get("RestoreCancellationLost", date.ToString("d", CultureInfo.CurrentCulture)),
                cancellationToken
            );
        }

        return instances;
    }

    private async Task AttachAsync(
        RestoreItem item,
        string id,
        Dictionary<string, string> instances,
        IEnumerable<JsonElement> attachments,
        List<string> notes,
        CancellationToken cancellationToken
    )
    {
        foreach (var attachment in attachments)
        {
            var lost = Texts.Get("RestoreAttachmentLost", attachment.Text("name"));

            // A changed occurrence has attachments of its own; on the series they would appear in all of its occurrences.
            var target = attachment.Text("occurrence") is { Length: > 0 } occurrence ? instances.GetValueOrDefault(occurrence) : id;
            if (target is null)
                notes.Add(lost);
            else
                await IdempotentCreate.SideAsync(
                    () => AttachAsync(item, target, attachment, notes, lost, cancellationToken),
                    notes,
                    lost,
                    cancellationToken
                );
        }
    }

    private async Task AttachAsync(
        RestoreItem item,
        string target,
        JsonElement attachment,
        List<string> notes,
        string lost,
        CancellationToken cancellationToken
    )
    {
        var suffix = attachment.Text("fileSuffix");
        var stem = System.IO.Path.GetFileNameWithoutExtension(item.Entry.Node.Name);
        var file =
            suffix.Length == 0
                ? null
                : await _context.BesideAsync(item.Entry, stem + suffix, cancellationToken)
                    ?? await _context.BesideAsync(item.Entry, $"{stem}_{suffix}", cancellationToken);
        if (file is null || (long)file.Size > OutlookAttachments.MaxSize)
        {
            notes.Add(lost);
            return;
        }

        using var memory = await _context.TakeAsync((long)file.Size, cancellationToken);
        var content = await _context.ReadAsync(file, cancellationToken);
        var type = attachment.Text("contentType") is { Length: > 0 } given ? given : "application/octet-stream";
        var contentId = attachment.Text("contentId") is { Length: > 0 } text ? text : null;
        await _writer.AttachAsync(
            target,
            new OutlookAttachment(attachment.Text("name"), type, content, attachment.Flag("isInline"), contentId),
            cancellationToken
        );
    }

    // Calendars are not nested: restoring into a folder means a separate calendar, named after both.
    private async Task<(string Id, string Name)> CalendarAsync(IReadOnlyList<RestoreFolder> folders, CancellationToken cancellationToken)
    {
        var source = folders.Count > 0 ? folders[0] : new RestoreFolder("", "Calendar", "");
        var name = _context.Cloud.Folder is { } top ? $"{source.Name} ({top})" : source.Name;
        using var turn = await _gate.EnterAsync(cancellationToken);
        _calendars ??= await ListAsync(cancellationToken);
        var inPlace = _context.Cloud.Folder is null;
        var found = inPlace && _isSource ? _calendars.FirstOrDefault(each => each.Id == source.Id) : default;
        if (found.Id is null)
            found = _calendars.FirstOrDefault(each => each.Name == name);
        if (found.Id is null && inPlace && source.Name is "Calendar" or "Kalender")
            found = _calendars.FirstOrDefault(each => each.IsDefault);
        if (found.Id is null)
        {
            found = (
                await IdempotentCreate.OnceAsync(
                    token => _writer.CreateCalendarAsync(name, token),
                    async token => (await ListAsync(token)).FirstOrDefault(each => each.Name == name).Id,
                    _context.Time,
                    cancellationToken
                ),
                name,
                false
            );
            _calendars.Add(found);
        }

        return (found.Id, found.Name);
    }

    private async Task<List<(string Id, string Name, bool IsDefault)>> ListAsync(CancellationToken cancellationToken)
    {
        var calendars = new List<(string, string, bool)>();
        await foreach (var page in _writer.CalendarsAsync(cancellationToken))
            calendars.AddRange(page.Items.Select(item => (item.Text("id"), item.Text("name"), item.Flag("isDefaultCalendar"))));
        return calendars;
    }

    private async Task<string?> ArrivedAsync(string calendar, string origin, int before, CancellationToken cancellationToken)
    {
        var found = new List<string>();
        await foreach (var page in _writer.EventsAsync(calendar, EventJson.Origin, cancellationToken))
            found.AddRange(page.Items.Where(item => KeysOf(item).Contains(origin)).Select(item => item.Text("id")));
        return found.Count > before ? found[^1] : null;
    }

    private async Task<List<string>> KeysAsync(string calendar, CancellationToken cancellationToken)
    {
        var keys = new List<string>();
        await foreach (var page in _writer.EventsAsync(calendar, EventJson.Origin, cancellationToken))
            keys.AddRange(page.Items.SelectMany(KeysOf));
        return keys;
    }

    // An event that still exists is identified by its own id; a restored one records which event it was made from.
    private static IEnumerable<string> KeysOf(JsonElement item) =>
        item.Array("singleValueExtendedProperties")
            .Select(each => each.Text("value"))
            .Append(item.Text("iCalUId"))
            .Where(key => key.Length > 0)
            .Distinct();
}
