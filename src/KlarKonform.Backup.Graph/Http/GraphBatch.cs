using System.Globalization;
using System.Net;
using System.Text.Json;
using KlarKonform.Backup.Graph.Governing;

namespace KlarKonform.Backup.Graph.Http;

/// <summary>
/// Many small GETs in one request (concepts/json-batching.md): saves round trips, but no quota. Each is charged and refused on its own.
/// Outlook works on four of a batch at a time, so a batch takes all slots of its mailbox. Thread-safe.
/// </summary>
public sealed class GraphBatch(GraphClient client)
{
    /// <summary>The maximum number of requests that Graph accepts in one batch.</summary>
    public const int MaxItems = 20;

    private const int OutlookPlaces = 4;
    private const int MaxAttempts = 7;

    // The requests of a half were already sent several times as part of the whole.
    private const int HalvedAttempts = 2;

    // Up to this many requests that time out at the gateway are slow themselves; if there are more, it is the gateway.
    private const int MaxSlow = 2;

    /// <summary>
    /// Sends GETs of one scope and returns their responses in the same order. Refused ones worth retrying are sent again on their own.
    /// </summary>
    /// <exception cref="GraphException">The batch as a whole failed.</exception>
    public async Task<IReadOnlyList<BatchAnswer>> GetAsync(
        GraphScope scope,
        string permission,
        IReadOnlyList<BatchItem> items,
        CancellationToken cancellationToken
    )
    {
        var answers = new BatchAnswer[items.Count];
        foreach (var part in Enumerable.Range(0, items.Count).Chunk(MaxItems))
            await AnswerAsync(scope, permission, items, part, answers, isHalf: false, cancellationToken).ConfigureAwait(false);
        return answers;
    }

    // A batch without a usable response may owe that to one of its requests: it is halved, down to that one.
    private async Task AnswerAsync(
        GraphScope scope,
        string permission,
        IReadOnlyList<BatchItem> items,
        int[] part,
        BatchAnswer[] answers,
        bool isHalf,
        CancellationToken cancellationToken
    )
    {
        var open = part;
        try
        {
            for (var attempt = 1; open.Length > 0; attempt++)
            {
                var (again, failure) = await SendAsync(scope, permission, items, open, answers, isHalf, cancellationToken)
                    .ConfigureAwait(false);
                if (again.Count == 0 || attempt >= MaxAttempts)
                    break;
                await client.WaitAsync(scope, failure!, attempt, cancellationToken).ConfigureAwait(false);
                open = [.. again];
            }
        }
        catch (GraphException exception)
            when (exception.Code == GraphException.BrokenAnswer
                || exception.Kind is GraphErrorKind.Other or GraphErrorKind.CorruptItem
                || exception is { Kind: GraphErrorKind.Unreachable, Status: HttpStatusCode.InternalServerError }
                || IsOfGateway(exception)
            )
        {
            if (open.Length == 1)
            {
                answers[open[0]] = new BatchAnswer(default, exception);
                return;
            }

            foreach (var half in open.Chunk((open.Length + 1) / 2))
                await AnswerAsync(scope, permission, items, half, answers, isHalf: true, cancellationToken).ConfigureAwait(false);

            // One or two requests can be too slow for the gateway; if none of several is answered, it is the gateway.
            if (open.Length > MaxSlow && Array.TrueForAll(open, index => answers[index].Failure is { } failure && IsOfGateway(failure)))
                throw;
        }
    }

    private static bool IsOfGateway(GraphException exception) =>
        exception is { Kind: GraphErrorKind.Unreachable, Status: HttpStatusCode.BadGateway or HttpStatusCode.GatewayTimeout };

    private async Task<(List<int> Again, GraphException? Longest)> SendAsync(
        GraphScope scope,
        string permission,
        IReadOnlyList<BatchItem> items,
        int[] open,
        BatchAnswer[] answers,
        bool isHalf,
        CancellationToken cancellationToken
    )
    {
        var request = new GraphRequest(scope, client.Address("/$batch"))
        {
            Permission = permission,
            Cost = open.Length,
            MaxAttempts = isHalf ? HalvedAttempts : MaxAttempts,
            Places = scope.Service == GraphService.Outlook ? Math.Min(open.Length, OutlookPlaces) : 1,
            Body = JsonSerializer.SerializeToUtf8Bytes(new { requests = open.Select(index => Entry(index, items[index])) }),
        };
        using var document = await client.GetJsonAsync(request, cancellationToken).ConfigureAwait(false);
        foreach (var index in open)
            answers[index] = new BatchAnswer(
                default,
                new GraphException(
                    GraphErrorKind.Unreachable,
                    null,
                    GraphException.BrokenAnswer,
                    "The batch's answer lacks one of its requests."
                )
            );
        if (!document.RootElement.TryGetProperty("responses", out var responses) || responses.ValueKind != JsonValueKind.Array)
            throw new GraphException(
                GraphErrorKind.Unreachable,
                null,
                GraphException.BrokenAnswer,
                "The batch's answer has no list of answers."
            );
        foreach (var response in responses.EnumerateArray().Where(each => each.ValueKind == JsonValueKind.Object))
        {
            if (
                !response.TryGetProperty("id", out var id)
                || !int.TryParse(id.ToString(), CultureInfo.InvariantCulture, out var index)
                || !open.Contains(index)
                || !response.TryGetProperty("status", out var code)
                || code.ValueKind != JsonValueKind.Number
                || !code.TryGetInt32(out var number)
            )
                continue;
            var body = response.TryGetProperty("body", out var found) ? found.Clone() : default;
            var isError =
                body.ValueKind == JsonValueKind.Object
                && body.TryGetProperty("error", out var error)
                && error.ValueKind == JsonValueKind.Object;
            var status = number is >= 200 and < 300 && isError ? HttpStatusCode.InternalServerError : (HttpStatusCode)number;
            answers[index] = new BatchAnswer(
                body,
                (int)status is >= 200 and < 300 ? null : GraphErrors.Read(status, body, permission, RetryAfter(response))
            );
        }

        // The one that asks for the longest pause counts for all.
        var again = open.Where(index => answers[index].Failure is { } failure && GraphRetries.IsWorthAnother(failure)).ToList();
        return (
            again,
            again
                .Select(index => answers[index].Failure!)
                .OrderByDescending(each => each.Kind == GraphErrorKind.Throttled)
                .ThenByDescending(each => each.RetryAfter)
                .FirstOrDefault()
        );
    }

    private static object Entry(int index, BatchItem item)
    {
        var id = index.ToString(CultureInfo.InvariantCulture);
        return item.Prefer is null
            ? new
            {
                id,
                method = "GET",
                url = item.Path,
            }
            : new
            {
                id,
                method = "GET",
                url = item.Path,
                headers = new Dictionary<string, string> { ["Prefer"] = item.Prefer },
            };
    }

    private static TimeSpan? RetryAfter(JsonElement response)
    {
        if (!response.TryGetProperty("headers", out var headers) || headers.ValueKind != JsonValueKind.Object)
            return null;
        foreach (var header in headers.EnumerateObject())
        {
            if (
                string.Equals(header.Name, "Retry-After", StringComparison.OrdinalIgnoreCase)
                && double.TryParse(header.Value.ToString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds)
            )
                return TimeSpan.FromSeconds(seconds);
        }

        return null;
    }
}
