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

    // Part of the host of personal sites, for clouds that do not say isPersonalSite.
    private const string PersonalHost = "-my.";

    /// <summary>Every site collection of the tenant, personal ones too (site-getallsites: application permissions only).</summary>
    public async IAsyncEnumerable<GraphSite> AllAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var page in DeltaReader.ReadAsync(client, Request("", "/sites/getAllSites") with { Cost = ListCost }, null, cancellationToken).ConfigureAwait(false))
        {
            foreach (var site in page.Items.Select(Site).OfType<GraphSite>())
                yield return site;
        }
    }

    /// <summary>The subsites directly below a site.</summary>
    public async Task<IReadOnlyList<GraphSite>> SubsitesAsync(string site, CancellationToken cancellationToken) =>
        [.. (await ListAsync(site, $"/sites/{site}/sites", cancellationToken).ConfigureAwait(false)).Select(Site).OfType<GraphSite>()];

    /// <summary>A site's document libraries, as drives.</summary>
    public Task<JsonElement[]> LibrariesAsync(string site, CancellationToken cancellationToken) => ListAsync(site, $"/sites/{site}/drives", cancellationToken);

    /// <summary>A site's lists, those of its libraries too.</summary>
    public Task<JsonElement[]> ListsAsync(string site, CancellationToken cancellationToken) => ListAsync(site, $"/sites/{site}/lists", cancellationToken);

    /// <summary>A list's columns with their types.</summary>
    public Task<JsonElement[]> ColumnsAsync(string site, string list, CancellationToken cancellationToken) => ListAsync(site, $"/sites/{site}/lists/{list}/columns", cancellationToken);

    /// <summary>All items of a list with their columns' values; then their changes.</summary>
    public IAsyncEnumerable<DeltaPage> ItemDeltaAsync(string site, string list, Uri? link, CancellationToken cancellationToken) => DeltaReader.ReadAsync(client,
        link is null ? Request(site, $"/sites/{site}/lists/{list}/items/delta?$expand=fields") with { Cost = ListCost } : Request(site, "") with { Address = link }, null, cancellationToken);

    /// <summary>A site's pages, without their content.</summary>
    public Task<JsonElement[]> PagesAsync(string site, CancellationToken cancellationToken) => ListAsync(site, $"/sites/{site}/pages/microsoft.graph.sitePage", cancellationToken);

    /// <summary>A page with its web parts.</summary>
    public Task<JsonDocument> PageAsync(string site, string page, CancellationToken cancellationToken) =>
        client.GetJsonAsync(Request(site, $"/sites/{site}/pages/{page}/microsoft.graph.sitePage?$expand=canvasLayout"), cancellationToken);

    private async Task<JsonElement[]> ListAsync(string site, string path, CancellationToken cancellationToken)
    {
        var all = new List<JsonElement>();
        await foreach (var page in DeltaReader.ReadAsync(client, Request(site, path) with { Cost = ListCost }, null, cancellationToken).ConfigureAwait(false))
            all.AddRange(page.Items.Select(item => item.Clone()));
        return [.. all];
    }

    private static GraphSite? Site(JsonElement item)
    {
        if (!item.TryGetProperty("id", out var id) || !item.TryGetProperty("webUrl", out var address) || !Uri.TryCreate(address.GetString(), UriKind.Absolute, out var url))
            return null; // A geo without sites names its location alone.
        var title = item.TryGetProperty("displayName", out var name) && name.GetString() is { Length: > 0 } text ? text : url.Segments[^1].Trim('/');
        return new GraphSite(id.GetString()!, title, url, (item.TryGetProperty("isPersonalSite", out var personal) && personal.ValueKind == JsonValueKind.True)
            || url.Host.Contains(PersonalHost, StringComparison.OrdinalIgnoreCase));
    }

    private GraphRequest Request(string site, string path) => new(GraphScope.Drive(site), client.Address(path)) { Permission = Permission };
}
