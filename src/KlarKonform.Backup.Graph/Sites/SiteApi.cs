using System.Runtime.CompilerServices;
using System.Text.Json;
using KlarKonform.Backup.Graph.Delta;
using KlarKonform.Backup.Graph.Governing;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Graph.Sites;

/// <summary>SharePoint's sites with their subsites, libraries, lists and pages. Thread-safe.</summary>
public sealed class SiteApi(GraphClient client)
{
    /// <summary>The application permission for everything here.</summary>
    public const string Permission = "Sites.Read.All";

    private const int ListCost = 2;
    private const int ItemPageSize = 200;

    // "system" must be selected explicitly: only then does a listing include system lists, such as the pages' library (resources/list).
    private const string ListProperties = "id,name,displayName,description,webUrl,createdDateTime,lastModifiedDateTime,eTag,list,system";

    // Part of the host name of personal sites, for clouds that do not return isPersonalSite.
    private const string PersonalHost = "-my.";

    /// <summary>Every site collection of the tenant, including personal ones (site-getallsites: application permissions only).</summary>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <param name="onNameless">Is told of entries that name no site: something exists, but it is unknown what.</param>
    public async IAsyncEnumerable<GraphSite> AllAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken,
        Action<int>? onNameless = null
    )
    {
        await foreach (
            var page in DeltaReader
                .ReadAsync(client, Request("", "/sites/getAllSites") with { Cost = ListCost }, null, PageKind.Listing, cancellationToken)
                .ConfigureAwait(false)
        )
        {
            if (!page.IsWhole)
                onNameless?.Invoke(page.Nameless + page.Unread);
            foreach (var site in page.Items.Select(Site).OfType<GraphSite>())
                yield return site;
        }
    }

    /// <summary>Proves that a site exists.</summary>
    /// <exception cref="GraphException">The site's own error: <see cref="GraphException.IsOfResource"/>.</exception>
    public async Task ProbeAsync(string site, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await client
                .GetJsonAsync(Request(site, $"/sites/{site}?$select=id"), cancellationToken)
                .ConfigureAwait(false);
        }
        catch (GraphException exception)
        {
            throw exception.OfResource();
        }
    }

    /// <summary>The subsites directly below a site.</summary>
    /// <returns>The sites, and whether the listing contains all of them.</returns>
    public async Task<(IReadOnlyList<GraphSite> Sites, bool IsWhole)> SubsitesAsync(string site, CancellationToken cancellationToken)
    {
        var list = await ListAsync(site, $"/sites/{site}/sites", cancellationToken).ConfigureAwait(false);
        var sites = list.Items.Select(Site).OfType<GraphSite>().ToArray();
        return (sites, list.IsWhole && sites.Length == list.Items.Count);
    }

    /// <summary>A site's document libraries, as drives.</summary>
    public Task<EntryList> LibrariesAsync(string site, CancellationToken cancellationToken) =>
        ListAsync(site, $"/sites/{site}/drives", cancellationToken);

    /// <summary>A site's lists, including those of its libraries.</summary>
    public Task<EntryList> ListsAsync(string site, CancellationToken cancellationToken) =>
        ListAsync(site, $"/sites/{site}/lists?$select={ListProperties}", cancellationToken);

    /// <summary>A list's columns with their types.</summary>
    public Task<EntryList> ColumnsAsync(string site, string list, CancellationToken cancellationToken) =>
        EntryList.GatherAsync(
            DeltaReader.ReadAsync(
                client,
                Request(site, $"/sites/{site}/lists/{list}/columns") with
                {
                    Cost = ListCost,
                },
                null,
                PageKind.Details,
                cancellationToken
            )
        );

    /// <summary>A list by its id or its name; including one that the listing leaves out, like the pages' library.</summary>
    public Task<JsonDocument> OneListAsync(string site, string list, CancellationToken cancellationToken) =>
        client.GetJsonAsync(Request(site, $"/sites/{site}/lists/{Uri.EscapeDataString(list)}?$select={ListProperties}"), cancellationToken);

    /// <summary>The drive of a list that is a library.</summary>
    public Task<JsonDocument> DriveOfListAsync(string site, string list, CancellationToken cancellationToken) =>
        client.GetJsonAsync(Request(site, $"/sites/{site}/lists/{Uri.EscapeDataString(list)}/drive"), cancellationToken);

    /// <summary>One item with its columns' values; if column names are given, only with those.</summary>
    /// <param name="site">The site.</param>
    /// <param name="list">The list.</param>
    /// <param name="item">The item.</param>
    /// <param name="columns">Columns to request, at most twelve that refer to other lists; none requests all.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public Task<JsonDocument> ItemAsync(
        string site,
        string list,
        string item,
        IReadOnlyList<string> columns,
        CancellationToken cancellationToken
    )
    {
        var fields = columns.Count == 0 ? "fields" : $"fields($select={string.Join(',', columns.Select(Uri.EscapeDataString))})";
        return client.GetJsonAsync(Request(site, $"/sites/{site}/lists/{list}/items/{item}?$expand={fields}"), cancellationToken);
    }

    /// <summary>All items of a list, page by page, where its delta does not work.</summary>
    public IAsyncEnumerable<DeltaPage> ItemsAsync(string site, string list, CancellationToken cancellationToken) =>
        DeltaReader.ReadAsync(
            client,
            Request(site, $"/sites/{site}/lists/{list}/items?$expand=fields") with
            {
                Cost = ListCost,
            },
            ItemPageSize,
            PageKind.Listing,
            cancellationToken
        );

    /// <summary>All items of a list with their columns' values; then their changes.</summary>
    public IAsyncEnumerable<DeltaPage> ItemDeltaAsync(string site, string list, Uri? link, CancellationToken cancellationToken) =>
        DeltaReader.ReadAsync(
            client,
            link is null
                ? Request(site, $"/sites/{site}/lists/{list}/items/delta?$expand=fields") with
                {
                    Cost = ListCost,
                }
                : Request(site, "") with
                {
                    Address = link,
                },
            null,
            PageKind.Delta,
            cancellationToken
        );

    /// <summary>A site's pages, without their content.</summary>
    public Task<EntryList> PagesAsync(string site, CancellationToken cancellationToken) =>
        ListAsync(site, $"/sites/{site}/pages/microsoft.graph.sitePage", cancellationToken);

    /// <summary>A page with its web parts.</summary>
    public Task<JsonDocument> PageAsync(string site, string page, CancellationToken cancellationToken) =>
        client.GetJsonAsync(Request(site, $"/sites/{site}/pages/{page}/microsoft.graph.sitePage?$expand=canvasLayout"), cancellationToken);

    /// <summary>A page without its web parts: expanding them fails for some pages, always.</summary>
    public Task<JsonDocument> BarePageAsync(string site, string page, CancellationToken cancellationToken) =>
        client.GetJsonAsync(Request(site, $"/sites/{site}/pages/{page}/microsoft.graph.sitePage"), cancellationToken);

    private Task<EntryList> ListAsync(string site, string path, CancellationToken cancellationToken) =>
        EntryList.GatherAsync(
            DeltaReader.ReadAsync(client, Request(site, path) with { Cost = ListCost }, null, PageKind.Listing, cancellationToken)
        );

    private static GraphSite? Site(JsonElement item)
    {
        if (Text(item, "id") is not { Length: > 0 } id)
            return null; // A geo without sites only has a location.

        // Without an address it is still a site: its id begins with its host.
        if (
            !Uri.TryCreate(Text(item, "webUrl"), UriKind.Absolute, out var url)
            && !Uri.TryCreate($"https://{id.Split(',')[0]}/{id.Split(',')[^1]}", UriKind.Absolute, out url)
        )
            return null;
        var title = Text(item, "displayName") is { Length: > 0 } text ? text : url.Segments[^1].Trim('/');
        return new GraphSite(
            id,
            title,
            url,
            (item.TryGetProperty("isPersonalSite", out var personal) && personal.ValueKind == JsonValueKind.True)
                || url.Host.Contains(PersonalHost, StringComparison.OrdinalIgnoreCase)
        );
    }

    private static string? Text(JsonElement item, string name) =>
        item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private GraphRequest Request(string site, string path) => new(GraphScope.Drive(site), client.Address(path)) { Permission = Permission };
}
