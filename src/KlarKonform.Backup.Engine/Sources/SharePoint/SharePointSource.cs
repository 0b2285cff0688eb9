using System.Text.Json;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Engine.Snapshots.Items;
using KlarKonform.Backup.Engine.Sources.Drives;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Delta;
using KlarKonform.Backup.Graph.Drives;
using KlarKonform.Backup.Graph.Http;
using KlarKonform.Backup.Graph.Sites;

namespace KlarKonform.Backup.Engine.Sources.SharePoint;

/// <summary>
/// A site collection: its libraries, lists and pages, and those of its subsites, each in a folder of its own. Renamed ones move as one
/// link; deleted ones are removed from the newest snapshot.
/// </summary>
/// <param name="client">Access to Graph.</param>
/// <param name="site">The site collection's root site.</param>
/// <param name="folder">The name of its folder in the snapshot.</param>
/// <param name="settings">How to read its drives.</param>
internal sealed class SharePointSource(GraphClient client, GraphSite site, string folder, DriveSettings settings) : IResourceSource
{
    private const int MaxDepth = 32;
    private const string SitePages = "Site Pages";

    private static readonly HashSet<string> s_kept = new(StringComparer.Ordinal)
    {
        "displayName",
        "description",
        "webUrl",
        "list",
        "createdDateTime",
    };

    private readonly DriveApi _drives = new(client);
    private readonly SiteApi _sites = new(client);

    public string Kind => ResourceKinds.SharePoint;

    public string ResourceId => site.Id;

    public string Name => site.WebUrl.AbsoluteUri.TrimEnd('/');

    public IReadOnlyList<string> Path => SnapshotLayout.ContentPath(Kind, folder);

    public Task RunAsync(ResourceBackup run, CancellationToken cancellationToken) => ReadSiteAsync(run, site, "", 0, cancellationToken);

    public async Task ProbeAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _sites.ProbeAsync(site.Id, cancellationToken);
        }
        catch (GraphException exception) when (exception.Kind == GraphErrorKind.NotFound)
        {
            throw exception.OfResource(GraphErrorKind.ResourceGone); // It was listed a moment ago.
        }
    }

    private async Task ReadSiteAsync(ResourceBackup run, GraphSite current, string parent, int depth, CancellationToken cancellationToken)
    {
        // Each listing is a part: what cannot be listed is a failure, nothing is removed because of it, and everything else continues.
        var (listFolder, pageFolder) = ($"lists:{current.Id}", $"pages:{current.Id}");
        var libraries = await ListAsync(
            run,
            $"libraries:{current.Id}",
            Texts.Get("Part_Libraries"),
            current,
            () => _sites.LibrariesAsync(current.Id, cancellationToken),
            cancellationToken
        );
        var lists = await ListAsync(
            run,
            $"all-lists:{current.Id}",
            Texts.Get("Part_Lists"),
            current,
            () => _sites.ListsAsync(current.Id, cancellationToken),
            cancellationToken
        );
        if (libraries is null && lists is null)
            await ProbeAsync(cancellationToken);
        await PutFolderAsync(run, listFolder, parent, "Lists", default, cancellationToken);
        await PutFolderAsync(run, pageFolder, parent, "Pages", default, cancellationToken);
        var drives = libraries is null ? null : await WithPagesLibraryAsync(run, current, libraries, lists, cancellationToken);
        foreach (var library in drives?.Items ?? [])
        {
            var (id, name) = (library.Text("id"), library.Text("name"));
            await ReadPartAsync(
                run,
                $"drive:{id}",
                parent,
                name,
                library,
                key => new DriveReader(_drives, id, key, SafeName.Mark(id) + "/", run, settings, name).ReadAsync(cancellationToken),
                cancellationToken
            );
        }

        foreach (var list in (lists?.Items ?? []).Where(IsOfUsers))
        {
            await ReadPartAsync(
                run,
                $"list:{list.Text("id")}",
                listFolder,
                list.Text("displayName"),
                list,
                key => new ListReader(_sites, current.Id, list.Text("id"), key, run, list.Text("displayName")).ReadAsync(cancellationToken),
                cancellationToken
            );
        }

        await ReadPartAsync(
            run,
            pageFolder,
            parent,
            "Pages",
            default,
            key => new PageReader(_sites, current.Id, key, run).ReadAsync(cancellationToken),
            cancellationToken
        );
        var subsites = await ReadSubsitesAsync(run, current, parent, depth, cancellationToken);
        var others = new OtherFolders(_sites, _drives, current.Id, run);
        if (drives is { IsWhole: true } && subsites is not null)
            await others.RemoveAsync(
                parent,
                [
                    listFolder,
                    pageFolder,
                    .. drives.Items.Select(library => $"drive:{library.Text("id")}"),
                    .. subsites.Select(subsite => $"site:{subsite.Id}"),
                ],
                cancellationToken
            );
        if (lists is { IsWhole: true })
            await others.RemoveAsync(
                listFolder,
                [.. lists.Items.Where(IsOfUsers).Select(list => $"list:{list.Text("id")}")],
                cancellationToken
            );
        await run.Store.ApplyPreferredNamesAsync(cancellationToken);
    }

    // Null if the listing failed.
    private static async Task<EntryList?> ListAsync(
        ResourceBackup run,
        string part,
        string name,
        GraphSite current,
        Func<Task<EntryList>> list,
        CancellationToken cancellationToken
    )
    {
        EntryList? found = null;
        await run.GuardPartAsync(
            part,
            $"{current.Title}: {name}",
            async () =>
            {
                found = await list();
                if (!found.IsWhole)
                    throw new PartIncompleteException(
                        new ItemProblem("EntriesUnread", Texts.Get("EntriesUnread", name, 1), "HintRetry") { Level = FailureLevel.Part }
                    );
            },
            cancellationToken
        );
        return found;
    }

    // Null if they could not all be listed: then none of them is removed.
    private async Task<IReadOnlyList<GraphSite>?> ReadSubsitesAsync(
        ResourceBackup run,
        GraphSite current,
        string parent,
        int depth,
        CancellationToken cancellationToken
    )
    {
        if (depth >= MaxDepth)
            return [];
        IReadOnlyList<GraphSite> found = [];
        var isListed = await run.GuardPartAsync(
            $"subsites:{current.Id}",
            $"{current.Title}: {Texts.Get("Part_Subsites")}",
            async () =>
            {
                (found, var isWhole) = await _sites.SubsitesAsync(current.Id, cancellationToken);
                if (!isWhole)
                    throw new PartIncompleteException(
                        new ItemProblem("EntriesUnread", Texts.Get("EntriesUnread", Texts.Get("Part_Subsites"), 1), "HintRetry")
                        {
                            Level = FailureLevel.Part,
                        }
                    );
            },
            cancellationToken
        );
        foreach (var subsite in found)
        {
            var key = $"site:{subsite.Id}";
            await run.GuardPartAsync(
                key,
                subsite.Title,
                async () =>
                {
                    await PutFolderAsync(run, key, parent, subsite.Title, default, cancellationToken);
                    await ReadSiteAsync(run, subsite, key, depth + 1, cancellationToken);
                },
                cancellationToken
            );
        }

        return isListed ? found : null;
    }

    // The listings of lists and drives leave out the pages' own library; requested by its name it answers. Not every site has one.
    private async Task<EntryList> WithPagesLibraryAsync(
        ResourceBackup run,
        GraphSite current,
        EntryList libraries,
        EntryList? lists,
        CancellationToken cancellationToken
    )
    {
        var all = libraries;
        await run.GuardPartAsync(
            $"site-pages:{current.Id}",
            $"{current.Title}: Site Pages",
            async () =>
            {
                try
                {
                    var listed = lists?.Items.FirstOrDefault(list => list.Object("list").Text("template") == "webPageLibrary") ?? default;
                    using var answer =
                        listed.ValueKind == JsonValueKind.Object
                            ? null
                            : await _sites.OneListAsync(current.Id, SitePages, cancellationToken);
                    var list = answer?.RootElement ?? listed;
                    using var drive = await _sites.DriveOfListAsync(current.Id, list.Text("id"), cancellationToken);
                    if (drive.RootElement.Text("id") is { Length: > 0 } id && !libraries.Items.Any(library => library.Text("id") == id))
                        all = libraries with { Items = [.. libraries.Items, drive.RootElement.Clone()] };
                }
                catch (GraphException exception) when (exception.Kind == GraphErrorKind.NotFound)
                {
                    // A site without pages.
                }
            },
            cancellationToken
        );

        // What could not be requested is not gone.
        return run.HasFailed($"site-pages:{current.Id}") ? all with { IsWhole = false } : all;
    }

    // Catalogues and other internal lists are not content; the lists behind libraries are: their columns hold content types, labels and
    // what people typed.
    public static bool IsOfUsers(JsonElement list) =>
        !list.Object("list").Flag("hidden")
        && list.Object("system").ValueKind == JsonValueKind.Undefined
        && list.Object("list").Text("template") != "catalog";

    // A library or list that cannot be read does not stop the others. If a name did not arrive, the stored one is kept.
    private static Task<bool> ReadPartAsync(
        ResourceBackup run,
        string key,
        string parent,
        string name,
        JsonElement properties,
        Func<string, Task> read,
        CancellationToken cancellationToken
    ) =>
        run.GuardPartAsync(
            key,
            name.Length > 0 ? name : key,
            async () =>
            {
                if (name.Length > 0 || await run.Store.FindAsync(key, cancellationToken) is null)
                    await PutFolderAsync(run, key, parent, name.Length > 0 ? name : SafeName.Mark(key), properties, cancellationToken);
                await read(key);
            },
            cancellationToken
        );

    private static async Task PutFolderAsync(
        ResourceBackup run,
        string key,
        string parent,
        string name,
        JsonElement properties,
        CancellationToken cancellationToken
    )
    {
        var entry = new ItemEntry
        {
            Id = key,
            Parent = parent,
            Name = SafeName.From(name),
            IsFolder = true,
        };
        if (
            await run.Store.FindAsync(key, cancellationToken) is { } old
            && old.Parent == parent
            && (old.Name == entry.Name || old.Name == SafeName.WithMark(entry.Name, key))
        )
            return;
        await run.Store.PutAsync(
            entry,
            null,
            ItemMetadata.Write(key[..key.IndexOf(':', StringComparison.Ordinal)], key, properties, s_kept),
            cancellationToken
        );
    }
}
