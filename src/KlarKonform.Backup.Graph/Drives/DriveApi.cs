using System.Net;
using System.Text.Json;
using KlarKonform.Backup.Graph.Delta;
using KlarKonform.Backup.Graph.Governing;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Graph.Drives;

/// <summary>
/// Drives of users and of document libraries. Costs in resource units are those of "Avoid getting throttled or blocked in SharePoint
/// Online". Thread-safe.
/// </summary>
public sealed class DriveApi(GraphClient client)
{
    /// <summary>The application permission for everything here.</summary>
    public const string Permission = "Files.Read.All";

    /// <summary>The property of an item that contains a pre-authenticated download URL; it is left out when items are stored.</summary>
    public const string AddressProperty = "@microsoft.graph.downloadUrl";

    private const int ListCost = 2;
    private const int PermissionCost = 5;

    // Removed items are returned as deleted ones, and a change of who may read an item counts as a change (onedrive-api-docs,
    // scan-guidance).
    private const string DeltaPreferences =
        "deltashowremovedasdeleted, deltatraversepermissiongaps, deltashowsharingchanges, hierarchicalsharing";

    // Only what changed, without the folders above it: paths are rebuilt from the parents' ids.
    private static readonly Dictionary<string, string> s_deltaHeaders = new() { ["deltaExcludeParent"] = "true" };

    /// <summary>The id of a user's OneDrive.</summary>
    /// <exception cref="GraphException"><see cref="GraphErrorKind.NotProvisioned"/>: the user has none.</exception>
    public async Task<string> UserDriveAsync(string user, CancellationToken cancellationToken)
    {
        try
        {
            using var drive = await client
                .GetJsonAsync(Request(user, $"/users/{user}/drive?$select=id"), cancellationToken)
                .ConfigureAwait(false);
            return IdOf(drive.RootElement);
        }
        catch (GraphException exception)
            when (exception.Kind == GraphErrorKind.NotFound
                || exception is { Kind: GraphErrorKind.Other, Status: HttpStatusCode.BadRequest }
            )
        {
            // "User's mysite not found", "Tenant does not have a SPO license": for this request only, a 404 or 400 means that there is no
            // OneDrive.
            throw exception.OfResource(GraphErrorKind.NotProvisioned);
        }
        catch (GraphException exception) when (exception.Kind != GraphErrorKind.ResourceGone)
        {
            throw exception.OfResource();
        }
    }

    /// <summary>Proves that a drive exists.</summary>
    /// <exception cref="GraphException">The drive's own error: <see cref="GraphException.IsOfResource"/>.</exception>
    public async Task ProbeAsync(string drive, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await client
                .GetJsonAsync(Request(drive, $"/drives/{drive}?$select=id"), cancellationToken)
                .ConfigureAwait(false);
        }
        catch (GraphException exception)
        {
            throw exception.OfResource();
        }
    }

    private static string IdOf(JsonElement drive) =>
        drive.TryGetProperty("id", out var id) && id.ValueKind == JsonValueKind.String && id.GetString() is { Length: > 0 } text
            ? text
            : throw GraphException.Broken("The answer for a drive has no id.");

    /// <summary>A site's default drive, and its owner if the site is a personal one.</summary>
    public async Task<(string Drive, string? Owner)> SiteDriveAsync(string site, CancellationToken cancellationToken)
    {
        using var drive = await client
            .GetJsonAsync(Request(site, $"/sites/{site}/drive?$select=id,owner"), cancellationToken)
            .ConfigureAwait(false);
        var owner =
            drive.RootElement.TryGetProperty("owner", out var value)
            && value.ValueKind == JsonValueKind.Object
            && value.TryGetProperty("user", out var user)
            && user.ValueKind == JsonValueKind.Object
            && user.TryGetProperty("id", out var id)
            && id.ValueKind == JsonValueKind.String
                ? id.GetString()
                : null;
        return (IdOf(drive.RootElement), owner);
    }

    /// <summary>All items of a drive; then their changes.</summary>
    /// <param name="drive">The drive's id.</param>
    /// <param name="link">A stored next or delta link, or null for everything.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    public IAsyncEnumerable<DeltaPage> DeltaAsync(string drive, Uri? link, CancellationToken cancellationToken)
    {
        var request = Request(drive, $"/drives/{drive}/root/delta?$top=500") with { Prefer = DeltaPreferences, Headers = s_deltaHeaders };
        return DeltaReader.ReadAsync(
            client,
            link is null ? request with { Cost = ListCost } : request with { Address = link },
            null,
            PageKind.Delta,
            cancellationToken
        );
    }

    /// <summary>One item as it is now.</summary>
    public Task<JsonDocument> ItemAsync(string drive, string item, CancellationToken cancellationToken) =>
        client.GetJsonAsync(Request(drive, $"/drives/{drive}/items/{item}"), cancellationToken);

    /// <summary>The contents of a folder.</summary>
    public IAsyncEnumerable<DeltaPage> ChildrenAsync(string drive, string folder, CancellationToken cancellationToken) =>
        DeltaReader.ReadAsync(
            client,
            Request(drive, $"/drives/{drive}/items/{folder}/children?$top=999") with
            {
                Cost = ListCost,
            },
            null,
            PageKind.Listing,
            cancellationToken
        );

    /// <summary>An item's row in its drive's list, with all columns' values.</summary>
    public Task<JsonDocument> ListItemAsync(string drive, string item, CancellationToken cancellationToken) =>
        client.GetJsonAsync(Request(drive, $"/drives/{drive}/items/{item}/listItem?$expand=fields"), cancellationToken);

    /// <summary>An item's permissions and sharing links; SharePoint's most expensive request.</summary>
    public Task<JsonElement[]> PermissionsAsync(string drive, string item, CancellationToken cancellationToken) =>
        ListAsync(Request(drive, $"/drives/{drive}/items/{item}/permissions") with { Cost = PermissionCost }, cancellationToken);

    /// <summary>A file's versions, newest first.</summary>
    public Task<JsonElement[]> VersionsAsync(string drive, string item, CancellationToken cancellationToken) =>
        ListAsync(Request(drive, $"/drives/{drive}/items/{item}/versions") with { Cost = ListCost }, cancellationToken);

    /// <summary>A file's content; the stream resumes by itself and requests a new URL when the old one expires.</summary>
    /// <param name="drive">The drive's id.</param>
    /// <param name="item">The file's id.</param>
    /// <param name="size">Its announced size in bytes.</param>
    /// <param name="address">The URL that came with the item's properties, or null to request one.</param>
    /// <param name="from">The first byte needed; what is before it is known already.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task<Stream> ContentAsync(
        string drive,
        string item,
        long size,
        Uri? address,
        long from,
        CancellationToken cancellationToken
    )
    {
        if (address is not null)
        {
            // The download itself is what costs a unit, wherever its URL came from.
            using var charged = await client.Governor.EnterAsync(GraphScope.Drive(drive), 1, 1, cancellationToken).ConfigureAwait(false);
        }

        var path = $"/drives/{drive}/items/{item}/content";
        return new DownloadStream(
            client,
            token => AddressAsync(drive, path, token),
            address ?? await AddressAsync(drive, path, cancellationToken).ConfigureAwait(false),
            size,
            from
        );
    }

    /// <summary>The content of an older version. The current one is the file itself; Graph refuses it here.</summary>
    public async Task<Stream> VersionContentAsync(string drive, string item, string version, long size, CancellationToken cancellationToken)
    {
        var path = $"/drives/{drive}/items/{item}/versions/{version}/content";
        return new DownloadStream(
            client,
            token => AddressAsync(drive, path, token),
            await AddressAsync(drive, path, cancellationToken).ConfigureAwait(false),
            size
        );
    }

    // 302 to another host: the URL itself is the permission.
    private async Task<Uri> AddressAsync(string drive, string path, CancellationToken cancellationToken)
    {
        using var answer = await client.SendAsync(Request(drive, path), cancellationToken).ConfigureAwait(false);
        return answer.Response.Headers.Location
            ?? throw new GraphException(
                GraphErrorKind.Other,
                answer.Response.StatusCode,
                "NoDownloadAddress",
                "Graph did not say where the content is."
            );
    }

    private async Task<JsonElement[]> ListAsync(GraphRequest request, CancellationToken cancellationToken)
    {
        var all = new List<JsonElement>();
        await foreach (var page in DeltaReader.ReadAsync(client, request, null, PageKind.Details, cancellationToken).ConfigureAwait(false))
        {
            if (!page.IsWhole)
                throw GraphException.Broken("The list holds entries that are none.");
            all.AddRange(page.Items.Select(item => item.Clone()));
        }

        return [.. all];
    }

    private GraphRequest Request(string resource, string path) =>
        new(GraphScope.Drive(resource), client.Address(path)) { Permission = Permission };
}
