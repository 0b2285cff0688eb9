using System.Collections.Concurrent;
using System.Text.Json;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Runs;
using KlarKonform.Backup.Engine.Sources.Folders;
using KlarKonform.Backup.Engine.State;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Delta;
using KlarKonform.Backup.Graph.Directory;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Engine.Sources.Directory;

/// <summary>
/// The tenant's address book by delta: users, organisational contacts, groups with members, each as JSON and vCard, users with their
/// photo. Used for one run.
/// </summary>
internal sealed class DirectorySource(GraphClient client, string tenant, DirectorySettings settings, Random random) : FolderedSource
{
    private const string Users = "Users";
    private const string OrganisationalContacts = "Contacts";
    private const string Groups = "Groups";

    // Delta does not tell that a photo changed. Photos lie in many mailboxes, none of which is busy with them.
    private const int PhotosAtOnce = 16;
    private static readonly TimeSpan s_photosEvery = TimeSpan.FromDays(7);

    // The JSON file holds everything; the node carries what a search shows.
    private static readonly HashSet<string> s_summary =
    [
        "displayName", "mail", "userPrincipalName", "userType", "accountEnabled", "groupTypes", "mailEnabled", "securityEnabled",
    ];

    private readonly DirectoryApi _directory = new(client);
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<string, bool>> _begun = new(StringComparer.Ordinal);
    private ResourceRun _run = null!;

    public override string Kind => "Directory";

    public override string ResourceId => tenant;

    public override string Name => tenant;

    public override IReadOnlyList<string> Path => ["Directory"];

    // A group's portions only make sense together.
    public override bool ResumesInsideRound => false;

    public override bool EntriesAddUp => true;

    public override IAsyncEnumerable<DeltaPage> ItemsAsync(string folder, Uri? link, CancellationToken cancellationToken)
    {
        // From the start, the first mention of an entry replaces what is stored; later ones add to it.
        if (link is null)
            _begun[folder] = new ConcurrentDictionary<string, bool>(StringComparer.Ordinal);
        else
            _begun.TryRemove(folder, out _);
        return folder switch
        {
            Users => _directory.UserDeltaAsync(link, cancellationToken),
            Groups => _directory.GroupDeltaAsync(link, cancellationToken),
            _ => _directory.ContactDeltaAsync(link, cancellationToken),
        };
    }

    public override IAsyncEnumerable<DeltaPage> ListAsync(string folder, CancellationToken cancellationToken) => ItemsAsync(folder, null, cancellationToken);

    // Portions of one group may come on one page: each adds to what the one before it left.
    public override Task ApplyAsync(ItemRound round, string folder, IReadOnlyList<SourceItem> items, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(items.GroupBy(item => item.Id), new ParallelOptions { MaxDegreeOfParallelism = PhotosAtOnce, CancellationToken = cancellationToken }, async (portions, token) =>
        {
            foreach (var item in portions)
                await ApplyAsync(folder, item, token).ConfigureAwait(false);
        });

    protected override Task<FolderChanges> FoldersAsync(ResourceRun run, CancellationToken cancellationToken)
    {
        _run = run;
        var changes = new FolderChanges { Complete = true };
        foreach (var name in (string[])[Users, OrganisationalContacts, Groups])
            changes.Put(new SourceFolder(name, "", name, name, null));
        return Task.FromResult(changes);
    }

    protected override Task<(string Folder, JsonDocument Item)> ItemAsync(string id, string folder, CancellationToken cancellationToken) =>
        Task.FromResult((folder, JsonDocument.Parse("{}"))); // Nothing new is known; what failed was the photo.

    protected override async Task FinishAsync(ResourceRun run, IReadOnlyCollection<string> changedFolders, CancellationToken cancellationToken)
    {
        if (settings.Photos == false)
            return;
        if (run.Store.State.PhotosCompared is { } compared && run.Now - compared < s_photosEvery && !run.Full)
            return;

        // The first run has just read them all. Tenants must not all come on the same day of the week.
        if (run.Store.State.PhotosCompared is not null)
            await ComparePhotosAsync(cancellationToken).ConfigureAwait(false);
        await run.Store.ChangeStateAsync(state => state.PhotosCompared = run.Now - (s_photosEvery * random.NextDouble() / 4), cancellationToken).ConfigureAwait(false);
    }

    private async Task ApplyAsync(string folder, SourceItem item, CancellationToken cancellationToken)
    {
        var old = await _run.Store.FindAsync(item.Id, cancellationToken).ConfigureAwait(false);
        var fresh = _begun.TryGetValue(folder, out var begun) && begun.TryAdd(item.Id, true);
        using var stored = old is null || fresh ? null : JsonDocument.Parse(await _run.Store.ReadAsync(old, cancellationToken).ConfigureAwait(false) ?? "{}"u8.ToArray());
        var merged = DirectoryEntry.Merge(stored?.RootElement ?? default, item.Json);
        var version = DirectoryEntry.VersionOf(merged);
        if (old?.Version == version && !_run.Store.State.Failures.ContainsKey(item.Id))
            return;
        await PutAsync(folder, item.Id, old, merged, version, await PhotoAsync(folder, item.Id, merged, old, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
    }

    private async Task PutAsync(string folder, string id, ItemEntry? old, JsonElement merged, string version, byte[]? photo, CancellationToken cancellationToken)
    {
        var content = await CardFiles.SaveAsync(_run, merged, DirectoryCard.Write(merged, id, photo), photo, _run.Now, cancellationToken).ConfigureAwait(false);
        var name = SafeName.Shorten(SafeName.From(merged.Text("displayName"), "-"), 140).Trim();
        var entry = new ItemEntry { Id = id, Parent = folder, Name = $"{name} [{SafeName.Mark(id)}].json", Version = version };
        await _run.Store.PutAsync(entry, content, ItemMetadata.Write(folder switch { Users => "user", Groups => "group", _ => "orgContact" }, id, merged, s_summary), cancellationToken).ConfigureAwait(false);
        if (old is null)
            _run.CountDownload();
        else
            _run.CountUpdate();
    }

    private async Task<byte[]?> PhotoAsync(string folder, string id, JsonElement merged, ItemEntry? old, CancellationToken cancellationToken)
    {
        if (folder != Users || settings.Photos == false)
            return null;
        try
        {
            var photo = await _directory.PhotoAsync(id, cancellationToken).ConfigureAwait(false);
            await _run.ForgetFailureAsync(id, cancellationToken).ConfigureAwait(false);
            return photo;
        }
        catch (GraphException exception) when (ResourceRun.IsItemFailure(exception))
        {
            // The entry itself is stored, with the photo of before.
            await _run.FailAsync(id, folder, merged.Text("displayName"), exception, cancellationToken).ConfigureAwait(false);
            return old is null ? null : await _run.Store.ReadPartAsync(old, CardFiles.Photo, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task ComparePhotosAsync(CancellationToken cancellationToken)
    {
        await Parallel.ForEachAsync(_run.Store.ItemsOfAsync(Users, folders: false, cancellationToken), new ParallelOptions { MaxDegreeOfParallelism = PhotosAtOnce, CancellationToken = cancellationToken }, async (id, token) =>
        {
            if (await _run.Store.FindAsync(id, token).ConfigureAwait(false) is not { } entry || await _run.Store.ReadAsync(entry, token).ConfigureAwait(false) is not { } bytes)
                return;
            using var json = JsonDocument.Parse(bytes);
            var photo = await PhotoAsync(Users, id, json.RootElement, entry, token).ConfigureAwait(false);
            var before = await _run.Store.ReadPartAsync(entry, CardFiles.Photo, token).ConfigureAwait(false);
            if (!(photo ?? []).AsSpan().SequenceEqual(before ?? []))
                await PutAsync(Users, id, entry, json.RootElement, entry.Version!, photo, token).ConfigureAwait(false);
        }).ConfigureAwait(false);
    }
}
