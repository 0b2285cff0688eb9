using System.Net;
using System.Net.Http.Headers;
using System.Security.Authentication;
using System.Text.Json;
using KlarKonform.Backup.Graph.Authentication;
using KlarKonform.Backup.Graph.Governing;

namespace KlarKonform.Backup.Graph.Http;

/// <summary>
/// The one way to Graph: token, governor, repetition, errors. Answers are raw streams or JSON documents, never an object model.
/// Thread-safe.
/// </summary>
public sealed class GraphClient : IDisposable
{
    private const int MaxAttempts = 7;
    private static readonly TimeSpan s_longestPause = TimeSpan.FromMinutes(5);

    // Microsoft treats decorated traffic better: NONISV|Company|App/Version.
    private const string UserAgent = "NONISV|KlarKonform|Backup/0.1";

    private readonly GraphSettings _settings;
    private readonly GraphTokenSource _tokens;
    private readonly GraphGovernor _governor;
    private readonly HttpClient _http;
    private readonly TimeProvider _time;
    private readonly Random _random;
    private readonly Action<string>? _log;

    /// <summary>Creates a client.</summary>
    /// <param name="settings">Where Graph is.</param>
    /// <param name="tokens">The app's tokens.</param>
    /// <param name="governor">Limits of this app in this tenant.</param>
    /// <param name="handler">Trust, proxy, TLS; must not follow redirects, so that a token never leaves Graph's host.</param>
    /// <param name="time">Clock and pauses.</param>
    /// <param name="random">Jitter; thread-safe.</param>
    /// <param name="log">Receives a line a request, without secrets; or null.</param>
    public GraphClient(GraphSettings settings, GraphTokenSource tokens, GraphGovernor governor, HttpMessageHandler handler, TimeProvider time, Random random, Action<string>? log = null)
    {
        _settings = settings;
        _tokens = tokens;
        _governor = governor;
        _time = time;
        _random = random;
        _log = log;
        _http = new HttpClient(handler, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>The address of a path below Graph's endpoint.</summary>
    public Uri Address(string path) => new(_settings.Endpoint.ToString().TrimEnd('/') + path);

    /// <summary>Reads a JSON answer.</summary>
    public async Task<JsonDocument> GetJsonAsync(GraphScope scope, Uri address, string? prefer, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            using var answer = await SendAsync(scope, address, prefer, cancellationToken).ConfigureAwait(false);
            try
            {
                await using var body = await answer.Response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
                return await JsonDocument.ParseAsync(body, cancellationToken: cancellationToken).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is IOException or HttpRequestException or JsonException && attempt < MaxAttempts)
            {
                await Task.Delay(Backoff(attempt), _time, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is IOException or HttpRequestException or JsonException)
            {
                throw new GraphException(GraphErrorKind.Unreachable, null, "BrokenAnswer", exception.Message, exception);
            }
        }
    }

    /// <summary>Sends a GET until it is answered with success or a redirect, or for good refused. Dispose the answer.</summary>
    /// <exception cref="GraphException">Refused, or no answer after every repetition.</exception>
    public async Task<GraphAnswer> SendAsync(GraphScope scope, Uri address, string? prefer, CancellationToken cancellationToken)
    {
        if (address.Authority != _settings.Endpoint.Authority || address.Scheme != _settings.Endpoint.Scheme)
            throw new GraphException(GraphErrorKind.Other, null, "ForeignLink", $"Graph handed out a link to another host, '{address.Host}'; the token is not sent there.");
        var renewed = false;
        for (var attempt = 1; ; attempt++)
        {
            var token = await _tokens.GetAsync(cancellationToken).ConfigureAwait(false);
            var admission = await _governor.EnterAsync(scope, cancellationToken).ConfigureAwait(false);
            HttpResponseMessage? response = null;
            GraphException failure;
            TimeSpan? asked = null;
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, address);
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
                request.Headers.TryAddWithoutValidation("User-Agent", UserAgent);
                if (prefer is not null)
                    request.Headers.TryAddWithoutValidation("Prefer", prefer);
                response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
                _log?.Invoke($"GET {address.AbsolutePath} -> {(int)response.StatusCode}");
                if (response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.Redirect)
                    return new GraphAnswer(response, admission);
                asked = response.Headers.RetryAfter is { } after ? after.Delta ?? (after.Date - _time.GetUtcNow()) : null;
                failure = await GraphErrors.ReadAsync(response, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException)
            {
                failure = Unreachable(exception);
            }
            catch
            {
                response?.Dispose();
                admission.Dispose();
                throw;
            }

            response?.Dispose();
            admission.Dispose();
            if (failure.Status == HttpStatusCode.Unauthorized && !renewed)
            {
                renewed = true;
                await _tokens.RenewAsync(token, cancellationToken).ConfigureAwait(false);
                continue;
            }

            if (failure.Kind is not (GraphErrorKind.Throttled or GraphErrorKind.Unreachable) || attempt >= MaxAttempts)
                throw failure;
            var pause = asked is { } wish && wish > TimeSpan.Zero ? Shortest(wish, s_longestPause) : Backoff(attempt);
            if (failure.Kind == GraphErrorKind.Throttled)
                _governor.Pause(scope, pause);
            else
                await Task.Delay(pause, _time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Reads from a pre-authenticated address: without the token, on whatever host.</summary>
    internal async Task<HttpResponseMessage> DownloadAsync(Uri address, long offset, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.TryAddWithoutValidation("User-Agent", UserAgent);
        if (offset > 0)
            request.Headers.Range = new RangeHeaderValue(offset, null);
        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits before the next attempt: doubling from half a second, with jitter.</summary>
    internal Task BackoffAsync(int attempt, CancellationToken cancellationToken) => Task.Delay(Backoff(attempt), _time, cancellationToken);

    /// <inheritdoc />
    public void Dispose() => _http.Dispose();

    private TimeSpan Backoff(int attempt) =>
        Shortest(TimeSpan.FromSeconds(0.5 * Math.Pow(2, attempt - 1) * (0.5 + (_random.NextDouble() / 2))), s_longestPause);

    private static TimeSpan Shortest(TimeSpan left, TimeSpan right) => left < right ? left : right;

    private static GraphException Unreachable(Exception exception)
    {
        for (Exception? inner = exception; inner is not null; inner = inner.InnerException)
        {
            if (inner is AuthenticationException tls)
                return new GraphException(GraphErrorKind.UntrustedCertificate, null, "UntrustedCertificate", tls.Message, exception);
        }

        return new GraphException(GraphErrorKind.Unreachable, null, "Unreachable", exception.Message, exception);
    }
}
