using System.Text.Json;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Snapshots.Items;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Engine.Sources.Shapes;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Contacts;
using KlarKonform.Backup.Graph.Delta;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>
/// A mailbox's contacts by delta: the JSON that Graph sent, with a vCard and the photo next to it. Graph does not return personal
/// distribution lists (IPM.DistList).
/// </summary>
internal sealed class ContactItems(ContactApi contacts, ResourceBackup run) : IFolderedItems
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

    public bool HasIds => true;

    public async Task<FolderChanges> ReadHierarchyAsync(CancellationToken cancellationToken)
    {
        using var top = await DefaultFolderAsync(cancellationToken);
        var above = top.RootElement.Text("parentFolderId");
        var changes = await HierarchyReader.ReadAsync(
            run,
            link => contacts.FolderDeltaAsync(link, cancellationToken),
            () => contacts.FolderDeltaAsync(null, cancellationToken),
            item => DescribeAsync(item, above, cancellationToken),
            cancellationToken
        );

        // It is in no delta: its own answer is all that is known of it.
        var verdict = GraphShapes.ContactFolder.Judge(top.RootElement, run.Now);
        if (top.RootElement.Text("id").Length == 0)
            throw GraphException.Broken("The default contact folder came without its id.");
        changes.Put(
            verdict.Wrong.Count == 0
                ? Describe(top.RootElement, above)
                : await OddFolder.KeepAsync(run, top.RootElement.Text("id"), top.RootElement, verdict, cancellationToken)
        );
        return changes;
    }

    public Task<bool> IsFolderThereAsync(string folder, CancellationToken cancellationToken) =>
        Presence.IsThereAsync(async () => (await contacts.FolderAsync(folder, cancellationToken)).Dispose());

    public IAsyncEnumerable<DeltaPage> DeltaPagesAsync(string folder, Uri? cursor, CancellationToken cancellationToken) =>
        contacts.ContactDeltaAsync(folder, cursor, cancellationToken);

    public IAsyncEnumerable<DeltaPage> ListedPagesAsync(string folder, CancellationToken cancellationToken) =>
        contacts.ListContactsAsync(folder, cancellationToken);

    public IAsyncEnumerable<DeltaPage> IdPagesAsync(string folder, CancellationToken cancellationToken) =>
        contacts.ContactIdsAsync(folder, cancellationToken);

    public async Task<FetchedItem> FetchAsync(string id, string folder, CancellationToken cancellationToken)
    {
        var item = await contacts.ContactAsync(id, cancellationToken);
        return new FetchedItem(item.RootElement.Text("parentFolderId"), item);
    }

    // Deleted contacts are in a mail folder, which this kind does not read: the contact itself must confirm it twice.
    public async Task<bool> IsOutsideAsync(string id, string place, CancellationToken cancellationToken)
    {
        if (await IsFolderThereAsync(place, cancellationToken))
            return true;
        using var again = await contacts.ContactAsync(id, cancellationToken);
        return again.RootElement.Text("parentFolderId") == place;
    }

    public async Task StoreAsync(string folder, IReadOnlyList<SourceItem> items, Action onVanished, CancellationToken cancellationToken)
    {
        // A photo has no change mark of its own: it belongs to the contact and changes the contact's change key.
        foreach (var part in (await ChangeKeys.ChangedAsync(run, folder, items, cancellationToken)).Chunk(GraphBatch.MaxItems))
        {
            var photos = await contacts.PhotosAsync([.. part.Select(item => item.Id)], cancellationToken);
            foreach (var (item, photo) in part.Zip(photos))
            {
                await run.GuardAsync(
                    item.Id,
                    folder,
                    ContactCard.Name(item.Json),
                    async () =>
                    {
                        try
                        {
                            await StoreWholeAsync(folder, item, photo, cancellationToken);
                        }
                        catch (GraphException exception) when (exception.Kind == GraphErrorKind.NotFound)
                        {
                            onVanished();
                        }
                    },
                    cancellationToken
                );
            }
        }
    }

    private async Task<JsonDocument> DefaultFolderAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await contacts.DefaultFolderAsync(cancellationToken);
        }
        catch (GraphException exception) when (exception.Kind == GraphErrorKind.NotProvisioned)
        {
            throw exception.OfResource(); // The first request to a mailbox: thousands have none and are not asked twice.
        }
    }

    // A delta entry may contain only what changed: for a folder without a name, the name is requested.
    private async Task<SourceFolder?> DescribeAsync(JsonElement item, string above, CancellationToken cancellationToken)
    {
        if (!GraphShapes.ContactFolder.Judge(item, run.Now).IsOdd)
            return Describe(item, above);
        using var answer = await contacts.FolderAsync(item.Text("id"), cancellationToken);
        return GraphShapes.ContactFolder.Judge(answer.RootElement, run.Now) is { Wrong.Count: > 0 } verdict
            ? await OddFolder.KeepAsync(run, item.Text("id"), answer.RootElement, verdict, cancellationToken)
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
    private async Task StoreWholeAsync(string folder, SourceItem item, BatchAnswer photo, CancellationToken cancellationToken)
    {
        if (!await IsPartAsync(item, cancellationToken))
        {
            await PutAsync(folder, item, photo, cancellationToken);
            return;
        }

        JsonDocument? answer = null;
        try
        {
            answer = await contacts.ContactAsync(item.Id, cancellationToken);
        }
        catch (GraphException exception)
            when (Wall.Holds(exception, cancellationToken)
                && GraphShapes.Contact.Judge(item.Json, run.Now).Wrong.Count == 0
                && item.Json.TryGetProperty("displayName", out _)
            )
        {
            // It cannot be requested; the page's version is a complete contact except for an unlikely value. If it is gone, delta reports
            // that next.
        }

        using (answer)
            await PutAsync(folder, new SourceItem(item.Id, answer?.RootElement ?? item.Json), photo, cancellationToken);
    }

    private async Task<bool> IsPartAsync(SourceItem item, CancellationToken cancellationToken)
    {
        if (GraphShapes.Contact.Judge(item.Json, run.Now).IsOdd || !item.Json.TryGetProperty("displayName", out _))
            return true;
        if (
            await run.Store.FindAsync(item.Id, cancellationToken) is not { } old
            || await run.Store.ReadAsync(old, cancellationToken) is not { } bytes
        )
            return false;
        using var stored = DeepJson.Parse(bytes);
        return stored.RootElement.ValueKind == JsonValueKind.Object
            && stored
                .RootElement.EnumerateObject()
                .Any(property => !property.Name.StartsWith('@') && !item.Json.TryGetProperty(property.Name, out _));
    }

    private async Task PutAsync(string folder, SourceItem item, BatchAnswer photo, CancellationToken cancellationToken)
    {
        var (id, json) = item;
        var missing = new List<(string What, Exception Reason)>();
        var old = await run.Store.FindAsync(id, cancellationToken);
        byte[]? picture = null;
        if (photo.Failure is { Kind: not GraphErrorKind.NotFound } failure)
        {
            // The contact is stored with its previous photo.
            missing.Add((Texts.Get("Extra_Photo"), failure));
            picture = old is null ? null : await run.Store.ReadPartAsync(old, CardFiles.Photo, cancellationToken);
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
                picture = old is null ? null : await run.Store.ReadPartAsync(old, CardFiles.Photo, cancellationToken);
            }
        }

        // -Full lists known contacts too: unchanged ones are not written again.
        if (
            run.Full
            && missing.Count == 0
            && old is not null
            && old.Parent == folder
            && old.Version == json.Text("changeKey")
            && !run.IsDue(id)
            && await run.Store.ReadAsync(old, cancellationToken) is { } stored
            && stored.AsSpan().SequenceEqual(JsonFile.Write(json))
            && (await run.Store.ReadPartAsync(old, CardFiles.Photo, cancellationToken) ?? []).AsSpan().SequenceEqual(picture ?? [])
        )
            return;

        var content = await CardFiles.SaveAsync(
            run,
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
        if (!(await run.Store.PutAsync(entry, content, ItemMetadata.Write("contact", id, json, s_summary), cancellationToken)).IsSettled())
            throw new GraphException(GraphErrorKind.Other, null, "FolderUnknown", "The contact's folder is not known yet.");
        await run.JudgeAsync(
            id,
            folder,
            ContactCard.Name(json),
            GraphShapes.Contact.Judge(json, run.Now),
            json,
            missing,
            cancellationToken
        );
        run.CountDownload();
    }
}
