using System.Net;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Graph.Delta;

/// <summary>The requests of one round of pages, one at a time; a page that times out is asked for again in a smaller size, and so are all after it.</summary>
/// <param name="client">The way to Graph.</param>
/// <param name="start">The first page's request; the others differ in their address.</param>
/// <param name="size">Items a page, or null to leave it to the service.</param>
internal sealed class PageRequests(GraphClient client, GraphRequest start, int? size)
{
    private const int SmallestPage = 10;

    // In a smaller size rather than often.
    private const int PageAttempts = 4;

    private int? _size = size;

    /// <summary>One page.</summary>
    public async Task<DeltaPage> ReadAsync(Uri address, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                var attempts = _size > SmallestPage ? PageAttempts : start.MaxAttempts;
                return new DeltaPage(await client.GetJsonAsync(start with { Address = address, Prefer = Preference(start.Prefer, _size), MaxAttempts = attempts }, cancellationToken).ConfigureAwait(false));
            }
            catch (GraphException exception) when (exception is { Kind: GraphErrorKind.Unreachable, Status: HttpStatusCode.GatewayTimeout or HttpStatusCode.ServiceUnavailable } && _size > SmallestPage)
            {
                _size = Math.Max(SmallestPage, _size.Value / 4);
            }
        }
    }

    private static string? Preference(string? others, int? size) =>
        size is null ? others : others is null ? $"odata.maxpagesize={size}" : $"odata.maxpagesize={size}, {others}";
}
