using System.Collections.Concurrent;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Snapshots.Items;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Engine.Sources.Shapes;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Delta;
using KlarKonform.Backup.Graph.Directory;

namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>
/// The tenant's address book by delta: users, organisational contacts, groups with members, each as JSON and vCard, users with their
/// photos.
/// </summary>
internal sealed class DirectoryItems(DirectoryApi directory, DirectorySettings settings, Random random, ResourceBackup run) : IFolderedItems
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

    private readonly ConcurrentDictionary<string, ConcurrentDictionary<string, bool>> _begun = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _asked = new(StringComparer.Ordinal);

    // A group's portions only make sense together.
    public bool ResumesInsideRound => false;

    public bool EntriesAddUp => true;

    public Task<FolderChanges> ReadHierarchyAsync(CancellationToken cancellationToken)
    {
        var changes = new FolderChanges { Complete = true };
        foreach (var name in (string[])[Users, OrganisationalContacts, Groups])
            changes.Put(new SourceFolder(name, "", name, name, null));
        return Task.FromResult(changes);
    }

    // The three folders are created by us.
    public Task<bool> IsFolderThereAsync(string folder, CancellationToken cancellationToken) => Task.FromResult(true);

    public IAsyncEnumerable<DeltaPage> DeltaPagesAsync(string folder, Uri? cursor, CancellationToken cancellationToken)
    {
        // When starting from scratch, the first occurrence of an entry replaces what is stored; later ones add to it.
        if (cursor is null)
            _begun[folder] = new ConcurrentDictionary<string, bool>(StringComparer.Ordinal);
        else
            _begun.TryRemove(folder, out _);
        return folder switch
        {
            Users => directory.UserDeltaAsync(cursor, cancellationToken),
            Groups => directory.GroupDeltaAsync(cursor, cancellationToken),
            _ => directory.ContactDeltaAsync(cursor, cancellationToken),
        };
    }

    public IAsyncEnumerable<DeltaPage> ListedPagesAsync(string folder, CancellationToken cancellationToken) =>
        DeltaPagesAsync(folder, null, cancellationToken);

    // A group's members come only through delta: the rest of its entry is requested, and the members stay as they are stored.
    public async Task<FetchedItem> FetchAsync(string id, string folder, CancellationToken cancellationToken)
    {
        try
        {
            _asked[id] = true;
            return new FetchedItem(folder, await directory.EntryAsync(folder.ToLowerInvariant(), id, cancellationToken));
        }
        catch (GraphException exception) when (exception.Kind == GraphErrorKind.ResourceGone)
        {
            // The code refers to a directory entry, so it says that this one is gone.
            throw new GraphException(GraphErrorKind.NotFound, exception.Status, exception.Code, exception.Message, exception);
        }
    }

    // Portions of one group may be on the same page: each adds to the result of the previous one.
    public Task StoreAsync(string folder, IReadOnlyList<SourceItem> items, Action onVanished, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(
            items.GroupBy(item => item.Id),
            new ParallelOptions { MaxDegreeOfParallelism = PhotosAtOnce, CancellationToken = cancellationToken },
            async (portions, token) =>
            {
                await run.GuardAsync(
                    portions.Key,
                    folder,
                    portions.First().Json.Text("displayName"),
                    async () =>
                    {
                        foreach (var item in portions)
                            await StoreAsync(folder, item, token);
                    },
                    token
                );
            }
        );

    public async Task FinishAsync(CancellationToken cancellationToken)
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

    private async Task StoreAsync(string folder, SourceItem item, CancellationToken cancellationToken)
    {
        var old = await run.Store.FindAsync(item.Id, cancellationToken);
        // An entry that was requested itself is added to what is stored: it contains no members.
        var fresh = !_asked.ContainsKey(item.Id) && _begun.TryGetValue(folder, out var begun) && begun.TryAdd(item.Id, true);
        using var stored =
            old is null || fresh ? null : DeepJson.Parse(await run.Store.ReadAsync(old, cancellationToken) ?? "{}"u8.ToArray());
        var merged = DirectoryEntry.Merge(stored?.RootElement ?? default, item.Json);
        var version = DirectoryEntry.VersionOf(merged);
        if (old?.Version == version && !run.IsDue(item.Id))
            return;
        var missing = new List<(string What, Exception Reason)>();
        var photo = await PhotoAsync(folder, item.Id, old, missing, cancellationToken);
        await PutAsync(new DirectoryChange(folder, item.Id, old, merged, version), photo, missing, cancellationToken);
    }

    private async Task PutAsync(
        DirectoryChange change,
        byte[]? photo,
        List<(string What, Exception Reason)> missing,
        CancellationToken cancellationToken
    )
    {
        var (folder, id, old, merged, version) = change;
        var content = await CardFiles.SaveAsync(
            run,
            merged,
            () => DirectoryCard.Write(merged, id, photo),
            photo,
            run.Now,
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
        await run.Store.PutAsync(
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
        await run.JudgeAsync(
            id,
            folder,
            merged.Text("displayName"),
            GraphShapes.DirectoryEntry.Judge(merged, run.Now, isPart: true),
            merged,
            missing,
            cancellationToken
        );
        if (old is null)
            run.CountDownload();
        else
            run.CountUpdate();
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
            return await directory.PhotoAsync(id, cancellationToken);
        }
        catch (Exception exception)
            when (Wall.Holds(exception, cancellationToken)
                && exception is not GraphException { Kind: GraphErrorKind.SignInFailed or GraphErrorKind.UntrustedCertificate }
            )
        {
            // The entry is stored with its previous photo.
            missing.Add((Texts.Get("Extra_Photo"), exception));
            return old is null ? null : await run.Store.ReadPartAsync(old, CardFiles.Photo, cancellationToken);
        }
    }

    private async Task ComparePhotosAsync(CancellationToken cancellationToken)
    {
        await Parallel.ForEachAsync(
            run.Store.ItemsOfAsync(Users, folders: false, cancellationToken),
            new ParallelOptions { MaxDegreeOfParallelism = PhotosAtOnce, CancellationToken = cancellationToken },
            async (id, token) =>
            {
                await run.GuardAsync(
                    id,
                    Users,
                    id,
                    async () =>
                    {
                        if (
                            await run.Store.FindAsync(id, token) is not { } entry
                            || await run.Store.ReadAsync(entry, token) is not { } bytes
                        )
                            return;
                        using var json = DeepJson.Parse(bytes);
                        var missing = new List<(string What, Exception Reason)>();
                        var photo = await PhotoAsync(Users, id, entry, missing, token);
                        var before = await run.Store.ReadPartAsync(entry, CardFiles.Photo, token);
                        if (missing.Count > 0 || !(photo ?? []).AsSpan().SequenceEqual(before ?? []))
                            await PutAsync(new DirectoryChange(Users, id, entry, json.RootElement, entry.Version!), photo, missing, token);
                    },
                    token
                );
            }
        );
    }
}
