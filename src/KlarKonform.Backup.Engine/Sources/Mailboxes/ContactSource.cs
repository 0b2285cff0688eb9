using System.Text.Json;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Snapshots.Items;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Engine.Sources.Shapes;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Contacts;
using KlarKonform.Backup.Graph.Delta;
using KlarKonform.Backup.Graph.Directory;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>
/// A mailbox's contacts by delta: the JSON that Graph sent, with a vCard and the photo next to it. Graph does not return personal
/// distribution lists (IPM.DistList). Used for one run.
/// </summary>
internal sealed class ContactSource(GraphClient client, GraphUser user) : MailboxSource(user, "Contacts")
{
    // The JSON file has everything; the node carries what a search shows.
    private static readonly HashSet<string> s_summary =
    [
        "changeKey",
        "displayName",
        "companyName",
        "emailAddresses",
        "categories",
        "lastModifiedDateTime",
    ];

    private readonly ContactApi _contacts = new(client, user.Id);
    private ResourceBackup _run = null!;

    public override IAsyncEnumerable<DeltaPage> ItemsAsync(string folder, Uri? link, CancellationToken cancellationToken) =>
        _contacts.ContactDeltaAsync(folder, link, cancellationToken);

    public override IAsyncEnumerable<DeltaPage> ListAsync(string folder, CancellationToken cancellationToken) =>
        _contacts.ListContactsAsync(folder, cancellationToken);

    public override bool HasIds => true;

    public override IAsyncEnumerable<DeltaPage> IdsAsync(string folder, CancellationToken cancellationToken) =>
        _contacts.ContactIdsAsync(folder, cancellationToken);

    public override Task ProbeAsync(CancellationToken cancellationToken) =>
        MailboxProbe.AskAsync(_contacts.ProbeAsync, client, User, cancellationToken);

    public override async Task ApplyAsync(
        FolderRound round,
        string folder,
        IReadOnlyList<SourceItem> items,
        CancellationToken cancellationToken
    )
    {
        // A photo has no change mark of its own: it belongs to the contact and changes the contact's change key.
        foreach (var part in (await ChangedAsync(_run, folder, items, cancellationToken)).Chunk(GraphBatch.MaxItems))
        {
            var photos = await _contacts.PhotosAsync([.. part.Select(item => item.Id)], cancellationToken);
            foreach (var (item, photo) in part.Zip(photos))
            {
                await _run.GuardAsync(
                    item.Id,
                    folder,
                    ContactCard.Name(item.Json),
                    async () =>
                    {
                        try
                        {
                            await ApplyAsync(folder, item, photo, cancellationToken);
                        }
                        catch (GraphException exception) when (exception.Kind == GraphErrorKind.NotFound)
                        {
                            round.Missed();
                        }
                    },
                    cancellationToken
                );
            }
        }
    }

    protected override async Task ProbeFolderAsync(string folder, CancellationToken cancellationToken) =>
        (await _contacts.FolderAsync(folder, cancellationToken)).Dispose();

    protected override async Task<FolderChanges> FoldersAsync(ResourceBackup run, CancellationToken cancellationToken)
    {
        _run = run;
        using var top = await DefaultFolderAsync(cancellationToken);
        var above = top.RootElement.Text("parentFolderId");
        var changes = await HierarchyReader.ReadAsync(
            run,
            link => _contacts.FolderDeltaAsync(link, cancellationToken),
            () => _contacts.FolderDeltaAsync(null, cancellationToken),
            item => DescribeAsync(item, above, cancellationToken),
            cancellationToken
        );

        // It is in no delta: its own answer is all that is known of it.
        var verdict = GraphShapes.ContactFolder.Judge(top.RootElement, _run.Now);
        if (top.RootElement.Text("id").Length == 0)
            throw GraphException.Broken("The default contact folder came without its id.");
        changes.Put(
            verdict.Wrong.Count == 0
                ? Describe(top.RootElement, above)
                : await OddFolder.KeepAsync(_run, top.RootElement.Text("id"), top.RootElement, verdict, cancellationToken)
        );
        return changes;
    }

    private async Task<JsonDocument> DefaultFolderAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _contacts.DefaultFolderAsync(cancellationToken);
        }
        catch (GraphException exception) when (exception.Kind == GraphErrorKind.NotProvisioned)
        {
            throw exception.OfResource(); // The first request to a mailbox: thousands have none and are not asked twice.
        }
    }

    protected override async Task<(string Folder, JsonDocument Item)> ItemAsync(
        string id,
        string folder,
        CancellationToken cancellationToken
    )
    {
        var item = await _contacts.ContactAsync(id, cancellationToken);
        return (item.RootElement.Text("parentFolderId"), item);
    }

    // Deleted contacts are in a mail folder, which this kind does not read: the contact itself must confirm it twice.
    protected override async Task<bool> IsOutsideAsync(string id, string place, CancellationToken cancellationToken)
    {
        if (await IsFolderThereAsync(place, cancellationToken))
            return true;
        using var again = await _contacts.ContactAsync(id, cancellationToken);
        return again.RootElement.Text("parentFolderId") == place;
    }

    // A delta entry may contain only what changed: for a folder without a name, the name is requested.
    private async Task<SourceFolder?> DescribeAsync(JsonElement item, string above, CancellationToken cancellationToken)
    {
        if (!GraphShapes.ContactFolder.Judge(item, _run.Now).IsOdd)
            return Describe(item, above);
        using var answer = await _contacts.FolderAsync(item.Text("id"), cancellationToken);
        return GraphShapes.ContactFolder.Judge(answer.RootElement, _run.Now) is { Wrong.Count: > 0 } verdict
            ? await OddFolder.KeepAsync(_run, item.Text("id"), answer.RootElement, verdict, cancellationToken)
            : Describe(answer.RootElement, above);
    }

    private static SourceFolder Describe(JsonElement item, string above)
    {
        var (id, parent, name) = (item.Text("id"), item.Text("parentFolderId"), item.Text("displayName"));
        return new SourceFolder(
            id,
            parent == above ? "" : parent,
            name,
            SafeName.From(name),
            ItemMetadata.Write("contactFolder", id, item)
        );
    }

    // Delta may return only what changed, and for contacts there is no list of required properties: a changed contact that is incomplete
    // compared with the stored one is requested itself.
    private async Task ApplyAsync(string folder, SourceItem item, BatchAnswer photo, CancellationToken cancellationToken)
    {
        if (!await IsPartAsync(item, cancellationToken))
        {
            await StoreAsync(folder, item.Id, item.Json, photo, cancellationToken);
            return;
        }

        JsonDocument? answer = null;
        try
        {
            answer = await _contacts.ContactAsync(item.Id, cancellationToken);
        }
        catch (GraphException exception)
            when (Wall.Holds(exception, cancellationToken)
                && GraphShapes.Contact.Judge(item.Json, _run.Now).Wrong.Count == 0
                && item.Json.TryGetProperty("displayName", out _)
            )
        {
            // It cannot be requested; the page's version is a complete contact except for an unlikely value. If it is gone, delta reports
            // that next.
        }

        using (answer)
            await StoreAsync(folder, item.Id, answer?.RootElement ?? item.Json, photo, cancellationToken);
    }

    private async Task<bool> IsPartAsync(SourceItem item, CancellationToken cancellationToken)
    {
        if (GraphShapes.Contact.Judge(item.Json, _run.Now).IsOdd || !item.Json.TryGetProperty("displayName", out _))
            return true;
        if (
            await _run.Store.FindAsync(item.Id, cancellationToken) is not { } old
            || await _run.Store.ReadAsync(old, cancellationToken) is not { } bytes
        )
            return false;
        using var stored = DeepJson.Parse(bytes);
        return stored.RootElement.ValueKind == JsonValueKind.Object
            && stored
                .RootElement.EnumerateObject()
                .Any(property => !property.Name.StartsWith('@') && !item.Json.TryGetProperty(property.Name, out _));
    }

    private async Task StoreAsync(string folder, string id, JsonElement json, BatchAnswer photo, CancellationToken cancellationToken)
    {
        var missing = new List<(string What, Exception Reason)>();
        var old = await _run.Store.FindAsync(id, cancellationToken);
        byte[]? picture = null;
        if (photo.Failure is { Kind: not GraphErrorKind.NotFound } failure)
        {
            // The contact is stored with its previous photo.
            missing.Add((Texts.Get("Extra_Photo"), failure));
            picture = old is null ? null : await _run.Store.ReadPartAsync(old, CardFiles.Photo, cancellationToken);
        }
        else if (photo.Failure is null)
        {
            try
            {
                picture = PhotoBytes.Checked(photo.Bytes);
            }
            catch (GraphException exception)
            {
                missing.Add((Texts.Get("Extra_Photo"), exception));
                picture = old is null ? null : await _run.Store.ReadPartAsync(old, CardFiles.Photo, cancellationToken);
            }
        }

        // -Full lists known contacts too: unchanged ones are not written again.
        if (
            _run.Full
            && missing.Count == 0
            && old is not null
            && old.Parent == folder
            && old.Version == json.Text("changeKey")
            && !_run.IsDue(id)
            && await _run.Store.ReadAsync(old, cancellationToken) is { } stored
            && stored.AsSpan().SequenceEqual(JsonFile.Write(json))
            && (await _run.Store.ReadPartAsync(old, CardFiles.Photo, cancellationToken) ?? []).AsSpan().SequenceEqual(picture ?? [])
        )
            return;

        var content = await CardFiles.SaveAsync(
            _run,
            json,
            () => ContactCard.Write(json, id, picture),
            picture,
            json.Time("lastModifiedDateTime", "createdDateTime"),
            missing,
            cancellationToken
        );
        var name = SafeName.Shorten(SafeName.From(ContactCard.Name(json), "-"), 140).Trim();
        var entry = new ItemEntry
        {
            Id = id,
            Parent = folder,
            Name = $"{name} [{SafeName.Mark(id)}].json",
            Version = json.Text("changeKey"),
        };
        var put = await _run.Store.PutAsync(entry, content, ItemMetadata.Write("contact", id, json, s_summary), cancellationToken);
        if (!put.IsSettled())
            throw new GraphException(GraphErrorKind.Other, null, "FolderUnknown", "The contact's folder is not known yet.");
        await _run.JudgeAsync(
            id,
            folder,
            ContactCard.Name(json),
            GraphShapes.Contact.Judge(json, _run.Now),
            json,
            missing,
            cancellationToken
        );
        _run.CountDownload();
    }
}
