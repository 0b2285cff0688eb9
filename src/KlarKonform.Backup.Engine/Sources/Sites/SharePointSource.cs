using System.Text.Json;
using KlarKonform.Backup.Engine.Runs;
using KlarKonform.Backup.Engine.Sources.Drives;
using KlarKonform.Backup.Engine.State;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Drives;
using KlarKonform.Backup.Graph.Http;
using KlarKonform.Backup.Graph.Sites;

namespace KlarKonform.Backup.Engine.Sources.Sites;

/// <summary>
/// A site collection: its libraries, lists and pages, and those of its subsites, each in a folder of its own. Renamed ones move as one
/// link; deleted ones go from the newest snapshot.
/// </summary>
/// <param name="client">The way to Graph.</param>
/// <param name="site">The site collection's root site.</param>
/// <param name="folder">The name of its folder in the snapshot.</param>
/// <param name="settings">How its drives are read.</param>
internal sealed class SharePointSource(GraphClient client, GraphSite site, string folder, DriveSettings settings) : IResourceSource
{
    private const int MaxDepth = 32;

    private static readonly HashSet<string> s_kept = new(StringComparer.Ordinal) { "displayName", "description", "webUrl", "list", "createdDateTime" };

    private readonly DriveApi _drives = new(client);
    private readonly SiteApi _sites = new(client);

    public string Kind => "SharePoint";

    public string ResourceId => site.Id;

    public string Name => site.WebUrl.AbsoluteUri.TrimEnd('/');

    public IReadOnlyList<string> Path => ["SharePoint", folder];

    public async Task RunAsync(ResourceRun run, CancellationToken cancellationToken)
    {
        try
        {
            await ReadSiteAsync(run, site, "", 0, cancellationToken).ConfigureAwait(false);
        }
        catch (GraphException exception) when (exception.Kind == GraphErrorKind.NotFound)
        {
            // It was listed a moment ago.
            throw new GraphException(GraphErrorKind.UserGone, exception.Status, exception.Code, exception.Message, exception);
        }
    }

    private async Task ReadSiteAsync(ResourceRun run, GraphSite current, string parent, int depth, CancellationToken cancellationToken)
    {
        // All three are asked for first: what cannot be listed is a failure of the site, and nothing is removed because of it.
        var libraries = await _sites.LibrariesAsync(current.Id, cancellationToken).ConfigureAwait(false);
        var lists = (await _sites.ListsAsync(current.Id, cancellationToken).ConfigureAwait(false)).Where(IsOfUsers).ToArray();
        var subsites = depth < MaxDepth ? await _sites.SubsitesAsync(current.Id, cancellationToken).ConfigureAwait(false) : [];
        var (listFolder, pageFolder) = ($"lists:{current.Id}", $"pages:{current.Id}");
        await PutFolderAsync(run, listFolder, parent, "Lists", default, cancellationToken).ConfigureAwait(false);
        await PutFolderAsync(run, pageFolder, parent, "Pages", default, cancellationToken).ConfigureAwait(false);
        foreach (var library in libraries)
        {
            var id = library.Text("id");
            await ReadPartAsync(run, $"drive:{id}", parent, library.Text("name"), library, key =>
                new DriveReader(_drives, id, key, SafeName.Mark(id) + "/", run, settings).ReadAsync(cancellationToken), cancellationToken).ConfigureAwait(false);
        }

        foreach (var list in lists)
        {
            await ReadPartAsync(run, $"list:{list.Text("id")}", listFolder, list.Text("displayName"), list, key =>
                new ListReader(_sites, current.Id, list.Text("id"), key, run).ReadAsync(cancellationToken), cancellationToken).ConfigureAwait(false);
        }

        await ReadPartAsync(run, pageFolder, parent, "Pages", default, key => new PageReader(_sites, current.Id, key, run).ReadAsync(cancellationToken), cancellationToken).ConfigureAwait(false);
        foreach (var subsite in subsites)
        {
            var key = $"site:{subsite.Id}";
            await PutFolderAsync(run, key, parent, subsite.Title, default, cancellationToken).ConfigureAwait(false);
            await ReadSiteAsync(run, subsite, key, depth + 1, cancellationToken).ConfigureAwait(false);
        }

        await RemoveOthersAsync(run, parent, [listFolder, pageFolder, .. libraries.Select(library => $"drive:{library.Text("id")}"), .. subsites.Select(subsite => $"site:{subsite.Id}")], cancellationToken).ConfigureAwait(false);
        await RemoveOthersAsync(run, listFolder, [.. lists.Select(list => $"list:{list.Text("id")}")], cancellationToken).ConfigureAwait(false);
        await run.Store.GrantWishesAsync(cancellationToken).ConfigureAwait(false);
    }

    // Catalogues and other machinery are no content; libraries' lists are: their columns hold content types, labels and what people typed.
    private static bool IsOfUsers(JsonElement list) => !list.Object("list").Flag("hidden") && list.Object("system").ValueKind == JsonValueKind.Undefined && list.Object("list").Text("template") != "catalog";

    // One library or list that cannot be read does not stop the others.
    private static async Task ReadPartAsync(ResourceRun run, string key, string parent, string name, JsonElement properties, Func<string, Task> read, CancellationToken cancellationToken)
    {
        try
        {
            await PutFolderAsync(run, key, parent, name, properties, cancellationToken).ConfigureAwait(false);
            await read(key).ConfigureAwait(false);
            await run.ForgetFailureAsync(key, cancellationToken).ConfigureAwait(false);
        }
        catch (GraphException exception) when (exception.Kind == GraphErrorKind.NotFound || ResourceRun.IsItemFailure(exception))
        {
            await run.FailAsync(key, parent, name, exception, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task PutFolderAsync(ResourceRun run, string key, string parent, string name, JsonElement properties, CancellationToken cancellationToken)
    {
        var entry = new ItemEntry { Id = key, Parent = parent, Name = SafeName.From(name), IsFolder = true };
        if (await run.Store.FindAsync(key, cancellationToken).ConfigureAwait(false) is { } old && old.Parent == parent && (old.Name == entry.Name || old.Name == SafeName.WithMark(entry.Name, key)))
            return;
        await run.Store.PutAsync(entry, null, ItemMetadata.Write(key[..key.IndexOf(':', StringComparison.Ordinal)], key, properties, s_kept), cancellationToken).ConfigureAwait(false);
    }

    private static async Task RemoveOthersAsync(ResourceRun run, string parent, IReadOnlyCollection<string> listed, CancellationToken cancellationToken)
    {
        var gone = new List<string>();
        await foreach (var id in run.Store.ItemsOfAsync(parent, folders: true, cancellationToken).ConfigureAwait(false))
        {
            if (!listed.Contains(id))
                gone.Add(id);
        }

        foreach (var id in gone)
        {
            if (await run.Store.RemoveAsync(id, withContent: true, cancellationToken).ConfigureAwait(false))
                run.CountRemoval();
            await run.ForgetFailureAsync(id, cancellationToken).ConfigureAwait(false);
            await run.Store.ChangeStateAsync(state => state.Deltas.TryRemove(id[(id.IndexOf(':', StringComparison.Ordinal) + 1)..], out _), cancellationToken).ConfigureAwait(false);
        }
    }
}
