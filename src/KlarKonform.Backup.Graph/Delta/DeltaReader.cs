using System.Runtime.CompilerServices;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Graph.Delta;

/// <summary>Follows a round of delta pages, or the pages of a plain listing.</summary>
public static class DeltaReader
{
    /// <summary>
    /// Reads page after page from a start or a stored link. An empty page with a next link is legal and is returned too. While a page is
    /// processed, the next one is being fetched: a resource's slots never wait just for a page. A page is valid until the next one is
    /// requested.
    /// </summary>
    /// <param name="client">Access to Graph.</param>
    /// <param name="start">The first page.</param>
    /// <param name="pageSize">Items per page, requested with <c>Prefer: odata.maxpagesize</c>; null leaves it to the service.</param>
    /// <param name="kind">The kind of pages.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <exception cref="GraphException"><see cref="GraphErrorKind.ResyncRequired"/>: the link expired;
    /// <see cref="GraphException.EndlessPages"/>: the pages lead in a circle; <see cref="GraphException.BrokenAnswer"/>: a page is
    /// unusable, however often and in whatever size it is requested.</exception>
    public static async IAsyncEnumerable<DeltaPage> ReadAsync(
        GraphClient client,
        GraphRequest start,
        int? pageSize,
        PageKind kind,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var requests = new PageRequests(client, start, pageSize, kind);
        var loop = new PageLoop();
        var coming = requests.ReadAsync(start.Address, stop.Token);
        try
        {
            while (coming is not null)
            {
                using var page = await coming.ConfigureAwait(false);
                coming = null;
                loop.Pass(page);
                coming = page.NextLink is { } next ? requests.ReadAsync(next, stop.Token) : null;
                yield return page;
            }
        }
        finally
        {
            // The caller had enough, or failed: the page being fetched is not needed.
            if (coming is not null)
            {
                await stop.CancelAsync().ConfigureAwait(false);
                await ((Task)coming).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (coming.IsCompletedSuccessfully)
                    coming.Result.Dispose();
            }
        }
    }
}
