using System.Text.Json;
using KlarKonform.Backup.Graph.Delta;
using KlarKonform.Backup.Graph.Governing;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Graph.Drives;

/// <summary>Drives. Costs in resource units are those of "Avoid getting throttled or blocked in SharePoint Online".</summary>
public sealed class DriveApi(GraphClient client)
{
    /// <summary>The application permission for everything here.</summary>
    public const string Permission = "Files.Read.All";

    private const int FirstDeltaCost = 2;

    /// <summary>The id of a user's OneDrive.</summary>
    /// <exception cref="GraphException"><see cref="GraphErrorKind.NotProvisioned"/>: the user has none.</exception>
    public async Task<string> UserDriveAsync(string user, CancellationToken cancellationToken)
    {
        using var drive = await client.GetJsonAsync(Request(user, $"/users/{user}/drive?$select=id"), cancellationToken).ConfigureAwait(false);
        return drive.RootElement.GetProperty("id").GetString()!;
    }

    /// <summary>All items of a drive; then their changes.</summary>
    /// <param name="drive">The drive's id.</param>
    /// <param name="link">A stored next or delta link, or null for everything.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public IAsyncEnumerable<DeltaPage> DeltaAsync(string drive, Uri? link, CancellationToken cancellationToken) => DeltaReader.ReadAsync(client,
        link is null ? Request(drive, $"/drives/{drive}/root/delta?$top=500") with { Cost = FirstDeltaCost } : Request(drive, "") with { Address = link }, null, cancellationToken);

    /// <summary>One item as it is now.</summary>
    public Task<JsonDocument> ItemAsync(string drive, string item, CancellationToken cancellationToken) =>
        client.GetJsonAsync(Request(drive, $"/drives/{drive}/items/{item}"), cancellationToken);

    /// <summary>A file's content; the stream resumes by itself and asks for a new address when the old one expires.</summary>
    public async Task<Stream> ContentAsync(string drive, string item, long size, CancellationToken cancellationToken)
    {
        var address = await AddressAsync(drive, item, cancellationToken).ConfigureAwait(false);
        return new DownloadStream(client, token => AddressAsync(drive, item, token), address, size);
    }

    // 302 to another host: the address itself is the permission.
    private async Task<Uri> AddressAsync(string drive, string item, CancellationToken cancellationToken)
    {
        using var answer = await client.SendAsync(Request(drive, $"/drives/{drive}/items/{item}/content"), cancellationToken).ConfigureAwait(false);
        return answer.Response.Headers.Location
            ?? throw new GraphException(GraphErrorKind.Other, answer.Response.StatusCode, "NoDownloadAddress", "Graph did not say where the content is.");
    }

    private GraphRequest Request(string resource, string path) => new(GraphScope.Drive(resource), client.Address(path)) { Permission = Permission };
}
