using System.Globalization;
using System.Net;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Graph.Delta;

/// <summary>
/// The requests of one round of pages, one at a time. A page that the service cannot write, because of a timeout or because of one entry on
/// it, is requested in halves, down to a single entry; that one is skipped if the listing allows it.
/// </summary>
/// <param name="client">Access to Graph.</param>
/// <param name="start">The first page's request; the others differ only in their address.</param>
/// <param name="size">Items per page, or null to leave it to the service.</param>
/// <param name="kind">The kind of pages.</param>
internal sealed class PageRequests(GraphClient client, GraphRequest start, int? size, PageKind kind)
{
    private const int SmallestPage = 10;

    // A smaller size is better than more attempts.
    private const int PageAttempts = 4;

    // An unusable response is usually the same again.
    private const int BrokenAttempts = 3;
    private const int HalvedAttempts = 2;

    private const int MaxSkipped = 50;
    private const int MaxSkippedInARow = 5;

    private readonly int _normal = size ?? 0;
    private int? _size = size;
    private int _position;
    private int _skipped;
    private int _skippedInARow;

    // Once something on a page could not be written, pages are smaller until it is passed.
    private bool _isHalving;

    /// <summary>One page.</summary>
    public async Task<DeltaPage> ReadAsync(Uri address, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                var page = await PageAsync(address, cancellationToken).ConfigureAwait(false);
                _position += page.Items.Count + page.Nameless;
                _skippedInARow = 0;
                if (_isHalving)
                    Grow();
                return page;
            }
            catch (GraphException exception) when (IsSlow(exception) && _size > SmallestPage)
            {
                _size = Math.Max(SmallestPage, _size.Value / 4);
            }
            catch (GraphException exception) when (!IsSlow(exception) && IsOfThePage(exception) && _size > 1)
            {
                (_isHalving, _size) = (true, _size.Value / 2);
            }
            catch (GraphException exception) when (!IsSlow(exception) && IsOfThePage(exception) && _size == 1 && MaySkip())
            {
                _position++;
                return DeltaPage.Skip(
                    new Uri(
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"{start.Address.AbsoluteUri}{(start.Address.Query.Length > 0 ? '&' : '?')}$skip={_position}"
                        )
                    )
                );
            }
        }
    }

    private async Task<DeltaPage> PageAsync(Uri address, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var answer = await client
                .GetJsonAsync(
                    start with
                    {
                        Address = address,
                        Prefer = Preference(start.Prefer, _size),
                        MaxAttempts =
                            _isHalving ? HalvedAttempts
                            : _size > SmallestPage ? PageAttempts
                            : start.MaxAttempts,
                    },
                    cancellationToken
                )
                .ConfigureAwait(false);
            try
            {
                return new DeltaPage(answer, kind);
            }
            catch (GraphException exception)
                when (exception.Code == GraphException.BrokenAnswer && attempt < (_isHalving ? HalvedAttempts : BrokenAttempts))
            {
                await client.BackoffAsync(attempt, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // Only a few: a folder in which entry after entry cannot be read is not a folder with a damaged entry.
    private bool MaySkip() => kind == PageKind.SkippableListing && ++_skipped <= MaxSkipped && ++_skippedInARow <= MaxSkippedInARow;

    // The service is overloaded or unavailable.
    private static bool IsSlow(GraphException exception) =>
        exception is { Kind: GraphErrorKind.Unreachable, Status: HttpStatusCode.GatewayTimeout or HttpStatusCode.ServiceUnavailable };

    // Errors that may be due to the page's content: the service's own failures and JSON that breaks off. Refusals are not.
    private static bool IsOfThePage(GraphException exception) =>
        exception.Kind == GraphErrorKind.CorruptItem
        || exception.Code == GraphException.BrokenAnswer
        || exception is { Kind: GraphErrorKind.Unreachable, Status: >= HttpStatusCode.InternalServerError };

    private void Grow()
    {
        _size = Math.Min(_normal, _size!.Value * 2);
        _isHalving = _size < _normal;
    }

    private static string? Preference(string? others, int? size) =>
        size is null ? others
        : others is null ? $"odata.maxpagesize={size}"
        : $"odata.maxpagesize={size}, {others}";
}
