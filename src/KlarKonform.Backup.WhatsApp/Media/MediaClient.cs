using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using KlarKonform.Backup.WhatsApp.Webhooks;

namespace KlarKonform.Backup.WhatsApp.Media;

/// <summary>
/// Downloads media by their ids: the id gives an address that lives for minutes, the address gives the bytes, both with the same bearer token
/// (Meta, "Media", 2026-06). An expired address is asked for anew, passing failures are repeated. Thread-safe.
/// </summary>
public sealed class MediaClient : IDisposable
{
    /// <summary>Meta's own endpoint.</summary>
    public static readonly Uri DefaultEndpoint = new("https://graph.facebook.com/v23.0");

    private const int Attempts = 4;

    // Whoever else were named as the media's host would get the token: Meta's own hosts, and the endpoint's.
    private static readonly string[] s_hosts = [".fbsbx.com", ".facebook.com", ".whatsapp.net", ".whatsapp.com"];

    // Error codes of Graph: unknown object, and a media id that expired.
    private static readonly HashSet<long> s_gone = [100, 131052, 131053];
    private static readonly HashSet<long> s_throttled = [4, 17, 32, 613, 80007, 130429, 131048, 131056];

    private readonly HttpClient _client;
    private readonly Uri _endpoint;
    private readonly TimeProvider _time;

    /// <summary>Creates a client.</summary>
    /// <param name="handler">The way out; it stays the caller's.</param>
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

    /// <summary>Opens a media file's content.</summary>
    /// <param name="id">The media's id.</param>
    /// <param name="number">The phone_number_id that it came to, or null.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="WhatsAppException">MediaGone, AccessDenied, Throttled or Unreachable.</exception>
    public async Task<MediaContent> OpenAsync(string id, string? number, CancellationToken cancellationToken)
    {
        var renewed = false;
        while (true)
        {
            var (address, type, hash, size) = await LookUpAsync(id, number, cancellationToken).ConfigureAwait(false);
            var answer = await SendAsync(address, cancellationToken).ConfigureAwait(false);
            if (answer.IsSuccessStatusCode)
                return new MediaContent(await answer.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false), type ?? answer.Content.Headers.ContentType?.ToString(), hash, size);
            using (answer)
            {
                // The address lived for minutes only, and we may have waited longer.
                if (!renewed && answer.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone or HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized)
                {
                    renewed = true;
                    continue;
                }

                throw await FailureAsync(answer, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Ends the client.</summary>
    public void Dispose() => _client.Dispose();

    private async Task<(Uri Address, string? Type, string? Hash, long? Size)> LookUpAsync(string id, string? number, CancellationToken cancellationToken)
    {
        var query = number is null ? "" : $"?phone_number_id={Uri.EscapeDataString(number)}";
        using var answer = await SendAsync(new Uri($"{_endpoint.AbsoluteUri.TrimEnd('/')}/{Uri.EscapeDataString(id)}{query}"), cancellationToken).ConfigureAwait(false);
        if (!answer.IsSuccessStatusCode)
            throw await FailureAsync(answer, cancellationToken).ConfigureAwait(false);
        using var json = await ReadJsonAsync(answer, cancellationToken).ConfigureAwait(false);
        var root = json?.RootElement ?? default;
        if (!Uri.TryCreate(root.Text("url"), UriKind.Absolute, out var address) || !IsTrusted(address))
            throw new WhatsAppException(WhatsAppErrorKind.Unreachable, "Meta's answer names no address of its own for the media.");
        return (address, root.Text("mime_type"), MessageReader.Hash(root.Text("sha256")), root.Number("file_size"));
    }

    private bool IsTrusted(Uri address) => address.Scheme == _endpoint.Scheme && (string.Equals(address.Host, _endpoint.Host, StringComparison.OrdinalIgnoreCase)
        || (address.Scheme == Uri.UriSchemeHttps && s_hosts.Any(host => address.Host.EndsWith(host, StringComparison.OrdinalIgnoreCase))));

    private async Task<HttpResponseMessage> SendAsync(Uri address, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            TimeSpan? pause = null;
            try
            {
                var answer = await _client.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
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

            await Task.Delay(pause is { } asked && asked < TimeSpan.FromMinutes(1) ? asked : TimeSpan.FromSeconds(Math.Pow(2, attempt - 1)), _time, cancellationToken).ConfigureAwait(false);
        }
    }

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
            await using var content = await answer.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            return await JsonDocument.ParseAsync(content, cancellationToken: cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is JsonException or HttpRequestException or IOException)
        {
            return null; // A proxy's page, or nothing: the status alone speaks.
        }
    }
}
