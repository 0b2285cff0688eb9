using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using KlarKonform.Backup.WhatsApp.Webhooks;

namespace KlarKonform.Backup.WhatsApp.Media;

/// <summary>
/// Downloads media by their ids: the id gives a URL that is valid for minutes, the URL gives the bytes, both with the same bearer token
/// (Meta, "Media", 2026-06). An expired URL is requested again, transient failures are retried, and an interrupted download continues where
/// it stopped. Thread-safe.
/// </summary>
public sealed class MediaClient : IDisposable
{
    /// <summary>Meta's own endpoint.</summary>
    public static readonly Uri DefaultEndpoint = new("https://graph.facebook.com/v23.0");

    private const int Attempts = 4;

    // Any other host named for the media would receive the token: so only Meta's own hosts and the endpoint's are allowed.
    private static readonly string[] s_hosts = [".fbsbx.com", ".facebook.com", ".whatsapp.net", ".whatsapp.com"];

    // Error codes of Graph: unknown object, and a media id that expired.
    private static readonly HashSet<long> s_gone = [100, 131052, 131053];
    private static readonly HashSet<long> s_throttled = [4, 17, 32, 613, 80007, 130429, 131048, 131056];

    private readonly HttpClient _client;
    private readonly Uri _endpoint;
    private readonly TimeProvider _time;

    /// <summary>Creates a client.</summary>
    /// <param name="handler">Sends the requests, with its limits for waiting: there are no others. Owned by the caller.</param>
    /// <param name="endpoint">Base address with the API's version.</param>
    /// <param name="accessToken">A system user's token with whatsapp_business_messaging.</param>
    /// <param name="time">Clock for pauses.</param>
    public MediaClient(HttpMessageHandler handler, Uri endpoint, string accessToken, TimeProvider time)
    {
        (_endpoint, _time) = (endpoint, time);
        _client = new HttpClient(handler, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };
        _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", accessToken);
        _client.DefaultRequestHeaders.UserAgent.ParseAdd("KlarKonform-Backup/1.0");
    }

    /// <summary>Opens a media file's content. Failures while reading are the same as those of this call.</summary>
    /// <param name="id">The media's id.</param>
    /// <param name="number">The phone_number_id that received it, or null.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="WhatsAppException">MediaGone, AccessDenied, Throttled or Unreachable.</exception>
    public async Task<MediaContent> OpenAsync(string id, string? number, CancellationToken cancellationToken)
    {
        var (answer, found) = await OpenAsync(id, number, 0, cancellationToken).ConfigureAwait(false);
        var type = found.Type ?? answer.Content.Headers.ContentType?.ToString();
        var first = await answer.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        return new MediaContent(
            new MediaStream(first, (position, token) => ReopenAsync(id, number, position, token), _time),
            type,
            found.Hash,
            found.Size
        );
    }

    /// <summary>Disposes the client.</summary>
    public void Dispose() => _client.Dispose();

    private async Task<(HttpResponseMessage Answer, Found Found)> OpenAsync(
        string id,
        string? number,
        long from,
        CancellationToken cancellationToken
    )
    {
        var renewed = false;
        while (true)
        {
            var found = await LookUpAsync(id, number, cancellationToken).ConfigureAwait(false);
            var answer = await SendAsync(found.Address, from, cancellationToken).ConfigureAwait(false);
            if (answer.IsSuccessStatusCode)
                return (answer, found);
            using (answer)
            {
                // The URL was valid for minutes only, and we may have waited longer.
                if (
                    !renewed
                    && answer.StatusCode
                        is HttpStatusCode.NotFound
                            or HttpStatusCode.Gone
                            or HttpStatusCode.Forbidden
                            or HttpStatusCode.Unauthorized
                )
                {
                    renewed = true;
                    continue;
                }

                throw await FailureAsync(answer, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task<Stream> ReopenAsync(string id, string? number, long from, CancellationToken cancellationToken)
    {
        var (answer, _) = await OpenAsync(id, number, from, cancellationToken).ConfigureAwait(false);
        try
        {
            var body = await answer.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            if (answer.StatusCode != HttpStatusCode.PartialContent)
                await SkipAsync(body, from, cancellationToken).ConfigureAwait(false);
            else if (answer.Content.Headers.ContentRange?.From != from)
                throw new IOException("The server answered with another range than it was asked for.");
            return body;
        }
        catch
        {
            answer.Dispose();
            throw;
        }
    }

    // Meta promises no ranges: a response with the whole file is skipped up to the wanted byte.
    private static async Task SkipAsync(Stream body, long count, CancellationToken cancellationToken)
    {
        var buffer = new byte[(int)Math.Min(count, 64 << 10)];
        while (count > 0)
        {
            var read = await body.ReadAsync(buffer.AsMemory(0, (int)Math.Min(count, buffer.Length)), cancellationToken)
                .ConfigureAwait(false);
            if (read == 0)
                throw new IOException($"The file is {count} bytes shorter than what was read of it before.");
            count -= read;
        }
    }

    private async Task<Found> LookUpAsync(string id, string? number, CancellationToken cancellationToken)
    {
        var query = number is null ? "" : $"?phone_number_id={Uri.EscapeDataString(number)}";
        var place = new Uri($"{_endpoint.AbsoluteUri.TrimEnd('/')}/{Uri.EscapeDataString(id)}{query}");
        for (var attempt = 1; ; attempt++)
        {
            using var answer = await SendAsync(place, 0, cancellationToken).ConfigureAwait(false);
            if (!answer.IsSuccessStatusCode)
                throw await FailureAsync(answer, cancellationToken).ConfigureAwait(false);
            try
            {
                using var json = await ParseAsync(answer, cancellationToken).ConfigureAwait(false);
                var root = json.RootElement;
                if (!Uri.TryCreate(root.Text("url"), UriKind.Absolute, out var address) || !IsTrusted(address))
                    throw new WhatsAppException(WhatsAppErrorKind.Unreachable, "Meta's answer names no address of its own for the media.");
                return new Found(address, root.Text("mime_type"), MessageReader.Hash(root.Text("sha256")), root.Number("file_size"));
            }
            catch (Exception exception) when (exception is JsonException or HttpRequestException or IOException)
            {
                if (attempt == Attempts)
                    throw new WhatsAppException(WhatsAppErrorKind.Unreachable, exception.Message, exception);
            }

            await PauseAsync(attempt, null, cancellationToken).ConfigureAwait(false);
        }
    }

    private bool IsTrusted(Uri address) =>
        address.Scheme == _endpoint.Scheme
        && (
            string.Equals(address.Host, _endpoint.Host, StringComparison.OrdinalIgnoreCase)
            || (
                address.Scheme == Uri.UriSchemeHttps && s_hosts.Any(host => address.Host.EndsWith(host, StringComparison.OrdinalIgnoreCase))
            )
        );

    private async Task<HttpResponseMessage> SendAsync(Uri address, long from, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            TimeSpan? pause = null;
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, address);
                if (from > 0)
                    request.Headers.Range = new RangeHeaderValue(from, null);
                var answer = await _client
                    .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken)
                    .ConfigureAwait(false);
                if ((int)answer.StatusCode < 500 || attempt == Attempts)
                    return answer;
                pause = answer.Headers.RetryAfter?.Delta;
                answer.Dispose();
            }
            catch (HttpRequestException exception)
            {
                if (attempt == Attempts)
                    throw new WhatsAppException(WhatsAppErrorKind.Unreachable, exception.Message, exception);
            }

            await PauseAsync(attempt, pause, cancellationToken).ConfigureAwait(false);
        }
    }

    private Task PauseAsync(int attempt, TimeSpan? wish, CancellationToken cancellationToken) =>
        Task.Delay(
            wish is { } asked && asked < TimeSpan.FromMinutes(1) ? asked : TimeSpan.FromSeconds(Math.Pow(2, attempt - 1)),
            _time,
            cancellationToken
        );

    private static async Task<WhatsAppException> FailureAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        using var json = await ReadJsonAsync(answer, cancellationToken).ConfigureAwait(false);
        var error = (json?.RootElement ?? default).Get("error");
        var code = error.Number("code") ?? 0;
        var kind = answer.StatusCode switch
        {
            HttpStatusCode.TooManyRequests => WhatsAppErrorKind.Throttled,
            _ when s_throttled.Contains(code) => WhatsAppErrorKind.Throttled,
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => WhatsAppErrorKind.AccessDenied,
            _ when code is 190 or 10 or (>= 200 and < 300) => WhatsAppErrorKind.AccessDenied,
            HttpStatusCode.NotFound or HttpStatusCode.Gone => WhatsAppErrorKind.MediaGone,
            HttpStatusCode.BadRequest when s_gone.Contains(code) => WhatsAppErrorKind.MediaGone,
            _ => WhatsAppErrorKind.Unreachable,
        };
        return new WhatsAppException(kind, $"HTTP {(int)answer.StatusCode}, code {code}: {error.Text("message") ?? "no reason given"}");
    }

    private static async Task<JsonDocument?> ReadJsonAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        try
        {
            return await ParseAsync(answer, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is JsonException or HttpRequestException or IOException)
        {
            return null; // A proxy's page, or nothing: only the status counts.
        }
    }

    private static async Task<JsonDocument> ParseAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        await using var content = await answer.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        return await JsonDocument.ParseAsync(content, cancellationToken: cancellationToken).ConfigureAwait(false);
    }

    private sealed record Found(Uri Address, string? Type, string? Hash, long? Size);
}
