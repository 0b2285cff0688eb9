using System.Runtime.CompilerServices;
using KlarKonform.Backup.Graph.Governing;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Graph.Delta;

/// <summary>Follows a round of delta pages, or the pages of a plain listing.</summary>
public static class DeltaReader
{
    /// <summary>Reads page after page from a start or a stored link. An empty page with a next link is legal and is handed out too.</summary>
    /// <exception cref="GraphException"><see cref="GraphErrorKind.ResyncRequired"/>: the link expired.</exception>
    public static async IAsyncEnumerable<DeltaPage> ReadAsync(
        GraphClient client, GraphScope scope, Uri start, string? prefer, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var next = start; next is not null;)
        {
            using var page = new DeltaPage(await client.GetJsonAsync(scope, next, prefer, cancellationToken).ConfigureAwait(false));
            next = page.NextLink;
            yield return page;
        }
    }
}
