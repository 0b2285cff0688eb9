using System.Text.Json;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Runs;
using KlarKonform.Backup.Engine.Sources.Folders;
using KlarKonform.Backup.Engine.State;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Contacts;
using KlarKonform.Backup.Graph.Delta;
using KlarKonform.Backup.Graph.Directory;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Engine.Sources.Contacts;

/// <summary>
/// A mailbox's contacts by delta: the JSON that Graph sent, a vCard and the photo beside it. Graph does not hand out personal distribution
/// lists (IPM.DistList). Used for one run.
/// </summary>
internal sealed class ContactSource(GraphClient client, GraphUser user) : MailboxSource(user, "Contacts")
{
    // The JSON file holds everything; the node carries what a search shows.
    private static readonly HashSet<string> s_summary =
    [
        "changeKey", "displayName", "companyName", "emailAddresses", "categories", "lastModifiedDateTime",
    ];

    private readonly ContactApi _contacts = new(client, user.Id);
    private ResourceRun _run = null!;

    public override IAsyncEnumerable<DeltaPage> ItemsAsync(string folder, Uri? link, CancellationToken cancellationToken) => _contacts.ContactDeltaAsync(folder, link, cancellationToken);

    public override IAsyncEnumerable<DeltaPage> ListAsync(string folder, CancellationToken cancellationToken) => _contacts.ListContactsAsync(folder, cancellationToken);

    public override async Task ApplyAsync(ItemRound round, string folder, IReadOnlyList<SourceItem> items, CancellationToken cancellationToken)
    {
        // A photo has no mark of its own: it belongs to the contact and changes its change key.
        foreach (var part in (await ChangedAsync(_run, folder, items, cancellationToken).ConfigureAwait(false)).Chunk(GraphBatch.MaxItems))
        {
            var photos = await _contacts.PhotosAsync([.. part.Select(item => item.Id)], cancellationToken).ConfigureAwait(false);
            foreach (var (item, photo) in part.Zip(photos))
                await ApplyAsync(folder, item, photo, cancellationToken).ConfigureAwait(false);
        }
    }

    protected override async Task<FolderChanges> FoldersAsync(ResourceRun run, CancellationToken cancellationToken)
    {
        _run = run;
        using var top = await _contacts.DefaultFolderAsync(cancellationToken).ConfigureAwait(false);
        var above = top.RootElement.Text("parentFolderId");
        var changes = await FolderReader.ReadAsync(run, link => _contacts.FolderDeltaAsync(link, cancellationToken), () => _contacts.FolderDeltaAsync(null, cancellationToken), item => Describe(item, above)).ConfigureAwait(false);
        changes.Put(Describe(top.RootElement, above));
        return changes;
    }

    protected override async Task<(string Folder, JsonDocument Item)> ItemAsync(string id, string folder, CancellationToken cancellationToken)
    {
        var item = await _contacts.ContactAsync(id, cancellationToken).ConfigureAwait(false);
        return (item.RootElement.Text("parentFolderId"), item);
    }

    private static SourceFolder Describe(JsonElement item, string above)
    {
        var (id, parent, name) = (item.Text("id"), item.Text("parentFolderId"), item.Text("displayName"));
        return new SourceFolder(id, parent == above ? "" : parent, name, SafeName.From(name), ItemMetadata.Write("contactFolder", id, item));
    }

    private async Task ApplyAsync(string folder, SourceItem item, BatchAnswer photo, CancellationToken cancellationToken)
    {
        try
        {
            var picture = photo.Failure switch
            {
                null => photo.Bytes,
                { Kind: GraphErrorKind.NotFound } => null,
                var failure => throw failure,
            };
            var json = item.Json;
            var content = await CardFiles.SaveAsync(_run, json, ContactCard.Write(json, item.Id, picture), picture, json.Time("lastModifiedDateTime", "createdDateTime"), cancellationToken).ConfigureAwait(false);
            var name = SafeName.Shorten(SafeName.From(ContactCard.Name(json), "-"), 140).Trim();
            var entry = new ItemEntry { Id = item.Id, Parent = folder, Name = $"{name} [{SafeName.Mark(item.Id)}].json", Version = json.Text("changeKey") };
            if (!await _run.Store.PutAsync(entry, content, ItemMetadata.Write("contact", item.Id, json, s_summary), cancellationToken).ConfigureAwait(false))
                throw new GraphException(GraphErrorKind.Other, null, "FolderUnknown", "The contact's folder is not known yet.");
            await _run.ForgetFailureAsync(item.Id, cancellationToken).ConfigureAwait(false);
            _run.CountDownload();
        }
        catch (GraphException exception) when (ResourceRun.IsItemFailure(exception))
        {
            await _run.FailAsync(item.Id, folder, ContactCard.Name(item.Json), exception, cancellationToken).ConfigureAwait(false);
        }
    }
}
