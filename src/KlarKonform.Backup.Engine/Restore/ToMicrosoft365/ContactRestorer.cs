using System.Text.Json;
using KlarKonform.Backup.Engine.Browsing;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Snapshots.Items;
using KlarKonform.Backup.Engine.Sources.Mailboxes;
using KlarKonform.Backup.Graph.Contacts;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Engine.Restore.ToMicrosoft365;

/// <summary>Puts contacts back, with their photos and folders.</summary>
internal sealed class ContactRestorer : IResourceRestorer
{
    // What a client must not write, or what belongs only to the old item.
    private static readonly HashSet<string> s_dropped =
    [
        "id",
        "changeKey",
        "createdDateTime",
        "lastModifiedDateTime",
        "parentFolderId",
        "photo",
        "flag",
        "primaryEmailAddress",
        "secondaryEmailAddress",
        "tertiaryEmailAddress",
        "extensions",
        "singleValueExtendedProperties",
        "multiValueExtendedProperties",
    ];

    private readonly RestoreContext _context;
    private readonly string _shown;
    private readonly bool _isSource;
    private readonly ContactApi _contacts;
    private readonly ContactWriter _writer;
    private readonly PresentItems _present;
    private readonly AsyncLock _gate = new();
    private Dictionary<string, (string Parent, string Name)>? _folders;
    private string _default = "";

    public ContactRestorer(RestoreContext context, string user, string shown, bool isSource)
    {
        _context = context;
        _shown = shown;
        _isSource = isSource;
        _contacts = new ContactApi(context.Client, user);
        _writer = new ContactWriter(context.Client, user);
        _present = new PresentItems(KeysAsync);
    }

    public int Concurrency => 4;

    public void Dispose() => _gate.Dispose();

    public string Place => $"{_shown}: Contacts";

    public bool IsItem(SnapshotEntry entry) => !entry.Node.IsDirectory && entry.Node.Attribute(ItemMetadata.Attribute) is not null;

    public Task EnsureFolderAsync(IReadOnlyList<RestoreFolder> folders, CancellationToken cancellationToken) =>
        folders.Count == 0 ? Task.CompletedTask : FolderAsync(folders, cancellationToken);

    public async Task<RestoredItem?> RestoreAsync(RestoreItem item, CancellationToken cancellationToken)
    {
        var (folder, path) = await FolderAsync(item.Folders, cancellationToken);
        if (_context.TakePlace(folder, item) is var claim and not RestoreContext.Claim.First)
            return claim == RestoreContext.Claim.Same ? null : RestoreContext.OtherVersion(item, $"{_shown}: {path}");
        var (place, size) = ($"{_shown}: {path}", (long)item.Entry.Node.Size);
        var skipped = new RestoredItem(item.Entry.Path, place, size, RestoreOutcomes.Skipped) { Detail = Texts.Get("RestoreIsThere") };
        var origin = item.Id;
        if (origin.Length > 0 && await IsThereAsync(folder, origin, cancellationToken))
            return skipped;
        using var stored = StoredJson.Parse(await _context.ReadAsync(item.Entry.Node, cancellationToken));
        if (stored.RootElement.ValueKind != JsonValueKind.Object)
            throw new FormatException(Texts.Get("RestoreNoEntry"));
        if (origin.Length == 0)
        {
            // Without readable metadata the contact itself says which one it is.
            origin = stored.RootElement.Text("id") is { Length: > 0 } id ? id : item.Entry.Node.Name;
            if (await IsThereAsync(folder, origin, cancellationToken))
                return skipped;
        }

        var before = await _present.CountAsync(folder, origin, cancellationToken);
        var body = Write(stored.RootElement, origin);
        var made = await IdempotentCreate.OnceAsync(
            token => _writer.CreateAsync(folder, body, token),
            token => ArrivedAsync(folder, origin, before, token),
            _context.Time,
            cancellationToken
        );
        _present.Added(folder, origin);
        return new RestoredItem(item.Entry.Path, place, size, RestoreOutcomes.Restored)
        {
            Detail = await AddPhotoAsync(item, made, cancellationToken),
        };
    }

    private async Task<bool> IsThereAsync(string folder, string origin, CancellationToken cancellationToken) =>
        _context.Request.Conflict != RestoreConflict.Rename && await _present.TakeAsync(folder, origin, cancellationToken);

    // A contact without its photo is still a contact. Returns what the report says about it.
    private async Task<string?> AddPhotoAsync(RestoreItem item, string contact, CancellationToken cancellationToken)
    {
        try
        {
            var photo = await _context.BesideAsync(
                item.Entry,
                System.IO.Path.GetFileNameWithoutExtension(item.Entry.Node.Name) + CardFiles.Photo,
                cancellationToken
            );
            if (photo is not null)
                await _writer.SetPhotoAsync(contact, await _context.ReadAsync(photo, cancellationToken), cancellationToken);
            return null;
        }
        catch (Exception exception) when (ItemWall.Holds(exception, cancellationToken))
        {
            return $"{Texts.Get("RestorePhotoLost")} {ItemWall.Describe(exception).Detail}";
        }
    }

    private static byte[] Write(JsonElement contact, string origin)
    {
        var json = contact
            .EnumerateObject()
            .Where(property => !property.Name.Contains('@') && !s_dropped.Contains(property.Name) && !IsEmpty(property.Value))
            .ToDictionary(property => property.Name, property => (object)property.Value);
        json["singleValueExtendedProperties"] = new[] { new { id = EventJson.Origin, value = origin } };
        return JsonSerializer.SerializeToUtf8Bytes(json);
    }

    private static bool IsEmpty(JsonElement value) =>
        value.ValueKind == JsonValueKind.Null || (value.ValueKind == JsonValueKind.Object && !value.EnumerateObject().Any());

    private async Task<(string Id, string Path)> FolderAsync(IReadOnlyList<RestoreFolder> folders, CancellationToken cancellationToken)
    {
        using var turn = await _gate.EnterAsync(cancellationToken);
        if (_folders is null)
            await ListAsync(cancellationToken);
        var (parent, path) = (_default, _folders!.GetValueOrDefault(_default).Name ?? "Contacts");
        if (_context.Cloud.Folder is { } top)
            (parent, path) = await StepAsync(parent, top, path, cancellationToken);

        // The first folder is the default one, whatever its name is here.
        foreach (var folder in folders.Skip(1))
        {
            if (_isSource && _context.Cloud.Folder is null && _folders!.TryGetValue(folder.Id, out var known))
                (parent, path) = (folder.Id, $"{path}/{known.Name}");
            else
                (parent, path) = await StepAsync(parent, folder.Name, path, cancellationToken);
        }

        return (parent, path);
    }

    private async Task<(string Id, string Path)> StepAsync(string parent, string name, string path, CancellationToken cancellationToken)
    {
        string? Find() =>
            _folders!
                .FirstOrDefault(pair =>
                    pair.Value.Parent == parent && string.Equals(pair.Value.Name, name, StringComparison.OrdinalIgnoreCase)
                )
                .Key;
        var id =
            Find()
            ?? await IdempotentCreate.OnceAsync(
                token => _writer.CreateFolderAsync(parent, name, token),
                async token =>
                {
                    await ListAsync(token);
                    return Find();
                },
                _context.Time,
                cancellationToken
            );
        _folders![id] = (parent, name);
        return (id, $"{path}/{name}");
    }

    private async Task ListAsync(CancellationToken cancellationToken)
    {
        using var top = await _contacts.DefaultFolderAsync(cancellationToken);
        _default = top.RootElement.Text("id");
        var folders = new Dictionary<string, (string, string)>(StringComparer.Ordinal)
        {
            [_default] = ("", top.RootElement.Text("displayName")),
        };
        await foreach (var page in _contacts.FolderDeltaAsync(null, cancellationToken))
        {
            foreach (var item in page.Items.Where(item => !item.TryGetProperty("@removed", out _)))
                folders[item.Text("id")] = (item.Text("parentFolderId"), item.Text("displayName"));
        }

        _folders = folders;
    }

    private async Task<string?> ArrivedAsync(string folder, string origin, int before, CancellationToken cancellationToken)
    {
        var found = new List<string>();
        await foreach (var page in _writer.ContactsAsync(folder, EventJson.Origin, cancellationToken))
            found.AddRange(page.Items.Where(item => KeysOf(item).Contains(origin)).Select(item => item.Text("id")));
        return found.Count > before ? found[^1] : null;
    }

    private async Task<List<string>> KeysAsync(string folder, CancellationToken cancellationToken)
    {
        var keys = new List<string>();
        await foreach (var page in _writer.ContactsAsync(folder, EventJson.Origin, cancellationToken))
            keys.AddRange(page.Items.SelectMany(KeysOf));
        return keys;
    }

    private static IEnumerable<string> KeysOf(JsonElement item) =>
        item.Array("singleValueExtendedProperties").Select(each => each.Text("value")).Append(item.Text("id"));
}
