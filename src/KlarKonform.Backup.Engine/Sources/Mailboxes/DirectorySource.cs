using System.Collections.Concurrent;
using System.Text.Json;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Engine.Snapshots.Items;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Engine.Sources.Shapes;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Delta;
using KlarKonform.Backup.Graph.Directory;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>
/// The tenant's address book by delta: users, organisational contacts, groups with members, each as JSON and vCard, users with their
/// photos. Used for one run.
/// </summary>
internal sealed class DirectorySource(GraphClient client, string tenant, DirectorySettings settings, Random random) : FolderReader
{
    private const string Users = "Users";
    private const string OrganisationalContacts = "Contacts";
    private const string Groups = "Groups";

    // Delta does not report changed photos. They are spread over many mailboxes, so no single mailbox gets many requests.
    private const int PhotosAtOnce = 16;
    private static readonly TimeSpan s_photosEvery = TimeSpan.FromDays(7);

    // The JSON file has everything; the node carries what a search shows.
    private static readonly HashSet<string> s_summary =
    [
        "displayName",
        "mail",
        "userPrincipalName",
        "userType",
        "accountEnabled",
        "groupTypes",
        "mailEnabled",
        "securityEnabled",
    ];

    private readonly DirectoryApi _directory = new(client);
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<string, bool>> _begun = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _asked = new(StringComparer.Ordinal);
    private ResourceBackup _run = null!;

    public override string Kind => ResourceKinds.Directory;

    public override string ResourceId => tenant;

    public override string Name => tenant;

    public override IReadOnlyList<string> Path => SnapshotLayout.ContentPath(Kind, Name);

    // A group's portions only make sense together.
    public override bool ResumesInsideRound => false;

    public override bool EntriesAddUp => true;

    public override IAsyncEnumerable<DeltaPage> ItemsAsync(string folder, Uri? link, CancellationToken cancellationToken)
    {
        // When starting from scratch, the first occurrence of an entry replaces what is stored; later ones add to it.
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

    public override IAsyncEnumerable<DeltaPage> ListAsync(string folder, CancellationToken cancellationToken) =>
        ItemsAsync(folder, null, cancellationToken);

    // Portions of one group may be on the same page: each adds to the result of the previous one.
    public override Task ApplyAsync(
        FolderRound round,
        string folder,
        IReadOnlyList<SourceItem> items,
        CancellationToken cancellationToken
    ) =>
        Parallel.ForEachAsync(
            items.GroupBy(item => item.Id),
            new ParallelOptions { MaxDegreeOfParallelism = PhotosAtOnce, CancellationToken = cancellationToken },
            async (portions, token) =>
            {
                await _run.GuardAsync(
                    portions.Key,
                    folder,
                    portions.First().Json.Text("displayName"),
                    async () =>
                    {
                        foreach (var item in portions)
                            await ApplyAsync(folder, item, token);
                    },
                    token
                );
            }
        );

    protected override Task<FolderChanges> FoldersAsync(ResourceBackup run, CancellationToken cancellationToken)
    {
        _run = run;
        var changes = new FolderChanges { Complete = true };
        foreach (var name in (string[])[Users, OrganisationalContacts, Groups])
            changes.Put(new SourceFolder(name, "", name, name, null));
        return Task.FromResult(changes);
    }

    // A group's members come only through delta: the rest of its entry is requested, and the members stay as they are stored.
    protected override async Task<(string Folder, JsonDocument Item)> ItemAsync(
        string id,
        string folder,
        CancellationToken cancellationToken
    )
    {
        try
        {
            _asked[id] = true;
            return (folder, await _directory.EntryAsync(folder.ToLowerInvariant(), id, cancellationToken));
        }
        catch (GraphException exception) when (exception.Kind == GraphErrorKind.UserGone)
        {
            // The code refers to a directory entry, so it says that this one is gone.
            throw new GraphException(GraphErrorKind.NotFound, exception.Status, exception.Code, exception.Message, exception);
        }
    }

    public override Task ProbeAsync(CancellationToken cancellationToken) => _directory.ProbeAsync(cancellationToken);

    // The three folders are created by us.
    protected override Task ProbeFolderAsync(string folder, CancellationToken cancellationToken) => Task.CompletedTask;

    protected override async Task FinishAsync(
        ResourceBackup run,
        IReadOnlyCollection<string> changedFolders,
        CancellationToken cancellationToken
    )
    {
        if (settings.Photos == false)
            return;
        if (run.Store.State.PhotosCompared is { } compared && run.Now - compared < s_photosEvery && !run.Full)
            return;

        // The first run has just read them all. Tenants must not all do this on the same day of the week.
        if (run.Store.State.PhotosCompared is not null)
            await ComparePhotosAsync(cancellationToken);
        await run.Store.ChangeStateAsync(
            state => state.PhotosCompared = run.Now - (s_photosEvery * random.NextDouble() / 4),
            cancellationToken
        );
    }

    private async Task ApplyAsync(string folder, SourceItem item, CancellationToken cancellationToken)
    {
        var old = await _run.Store.FindAsync(item.Id, cancellationToken);
        // An entry that was requested itself is added to what is stored: it contains no members.
        var fresh = !_asked.ContainsKey(item.Id) && _begun.TryGetValue(folder, out var begun) && begun.TryAdd(item.Id, true);
        using var stored =
            old is null || fresh ? null : DeepJson.Parse(await _run.Store.ReadAsync(old, cancellationToken) ?? "{}"u8.ToArray());
        var merged = DirectoryEntry.Merge(stored?.RootElement ?? default, item.Json);
        var version = DirectoryEntry.VersionOf(merged);
        if (old?.Version == version && !_run.IsDue(item.Id))
            return;
        var missing = new List<(string What, Exception Reason)>();
        var photo = await PhotoAsync(folder, item.Id, old, missing, cancellationToken);
        await PutAsync(folder, item.Id, old, merged, version, photo, missing, cancellationToken);
    }

    private async Task PutAsync(
        string folder,
        string id,
        ItemEntry? old,
        JsonElement merged,
        string version,
        byte[]? photo,
        List<(string What, Exception Reason)> missing,
        CancellationToken cancellationToken
    )
    {
        var content = await CardFiles.SaveAsync(
            _run,
            merged,
            () => DirectoryCard.Write(merged, id, photo),
            photo,
            _run.Now,
            missing,
            cancellationToken
        );
        var name = SafeName.Shorten(SafeName.From(merged.Text("displayName"), "-"), 140).Trim();
        var entry = new ItemEntry
        {
            Id = id,
            Parent = folder,
            Name = $"{name} [{SafeName.Mark(id)}].json",
            Version = version,
        };
        await _run.Store.PutAsync(
            entry,
            content,
            ItemMetadata.Write(
                folder switch
                {
                    Users => "user",
                    Groups => "group",
                    _ => "orgContact",
                },
                id,
                merged,
                s_summary
            ),
            cancellationToken
        );
        await _run.JudgeAsync(
            id,
            folder,
            merged.Text("displayName"),
            GraphShapes.DirectoryEntry.Judge(merged, _run.Now, isPart: true),
            merged,
            missing,
            cancellationToken
        );
        if (old is null)
            _run.CountDownload();
        else
            _run.CountUpdate();
    }

    private async Task<byte[]?> PhotoAsync(
        string folder,
        string id,
        ItemEntry? old,
        List<(string What, Exception Reason)> missing,
        CancellationToken cancellationToken
    )
    {
        if (folder != Users || settings.Photos == false)
            return null;
        try
        {
            return await _directory.PhotoAsync(id, cancellationToken);
        }
        catch (Exception exception)
            when (Wall.Holds(exception, cancellationToken)
                && exception is not GraphException { Kind: GraphErrorKind.SignInFailed or GraphErrorKind.UntrustedCertificate }
            )
        {
            // The entry is stored with its previous photo.
            missing.Add((Texts.Get("Extra_Photo"), exception));
            return old is null ? null : await _run.Store.ReadPartAsync(old, CardFiles.Photo, cancellationToken);
        }
    }

    private async Task ComparePhotosAsync(CancellationToken cancellationToken)
    {
        await Parallel.ForEachAsync(
            _run.Store.ItemsOfAsync(Users, folders: false, cancellationToken),
            new ParallelOptions { MaxDegreeOfParallelism = PhotosAtOnce, CancellationToken = cancellationToken },
            async (id, token) =>
            {
                await _run.GuardAsync(
                    id,
                    Users,
                    id,
                    async () =>
                    {
                        if (
                            await _run.Store.FindAsync(id, token) is not { } entry
                            || await _run.Store.ReadAsync(entry, token) is not { } bytes
                        )
                            return;
                        using var json = DeepJson.Parse(bytes);
                        var missing = new List<(string What, Exception Reason)>();
                        var photo = await PhotoAsync(Users, id, entry, missing, token);
                        var before = await _run.Store.ReadPartAsync(entry, CardFiles.Photo, token);
                        if (missing.Count > 0 || !(photo ?? []).AsSpan().SequenceEqual(before ?? []))
                            await PutAsync(Users, id, entry, json.RootElement, entry.Version!, photo, missing, token);
                    },
                    token
                );
            }
        );
    }
}
