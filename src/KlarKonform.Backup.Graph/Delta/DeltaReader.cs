using System.Net;
using System.Runtime.CompilerServices;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Graph.Delta;

/// <summary>Follows a round of delta pages, or the pages of a plain listing.</summary>
public static class DeltaReader
{
    private const int SmallestPage = 10;

    // A page that times out is asked for again in a smaller size rather than often.
    private const int PageAttempts = 4;

    /// <summary>Reads page after page from a start or a stored link. An empty page with a next link is legal and is handed out too.</summary>
    /// <param name="client">The way to Graph.</param>
    /// <param name="start">The first page.</param>
    /// <param name="pageSize">Items a page, asked for by <c>Prefer: odata.maxpagesize</c>; null leaves it to the service.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="GraphException"><see cref="GraphErrorKind.ResyncRequired"/>: the link expired.</exception>
    public static async IAsyncEnumerable<DeltaPage> ReadAsync(GraphClient client, GraphRequest start, int? pageSize, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (next, size) = ((Uri?)start.Address, pageSize);
        while (next is not null)
        {
            DeltaPage? page = null;
            while (page is null)
            {
                try
                {
                    var attempts = size > SmallestPage ? PageAttempts : start.MaxAttempts;
                    page = new DeltaPage(await client.GetJsonAsync(start with { Address = next, Prefer = Preference(start.Prefer, size), MaxAttempts = attempts }, cancellationToken).ConfigureAwait(false));
                }
                catch (GraphException exception) when (exception is { Kind: GraphErrorKind.Unreachable, Status: HttpStatusCode.GatewayTimeout or HttpStatusCode.ServiceUnavailable } && size > SmallestPage)
                {
                    size = Math.Max(SmallestPage, size.Value / 4);
                }
            }

            using (page)
            {
                next = page.NextLink;
                yield return page;
            }
        }
    }

    private static string? Preference(string? others, int? size) =>
        size is null ? others : others is null ? $"odata.maxpagesize={size}" : $"odata.maxpagesize={size}, {others}";
}
