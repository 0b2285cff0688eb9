using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Authentication;
using System.Text.Json;
using KlarKonform.Backup.Graph.Authentication;
using KlarKonform.Backup.Graph.Governing;

namespace KlarKonform.Backup.Graph.Http;

/// <summary>
/// The only access to Graph: token, governor, retries, errors. Responses are raw streams or JSON documents, never an object model.
/// Thread-safe.
/// </summary>
public sealed class GraphClient : IDisposable
{
    // A nightly backup should wait rather than fail. If Graph asks for a longer pause than this, the error is reported and the next run
    // continues.
    private static readonly TimeSpan s_longestPause = TimeSpan.FromHours(1);
    private static readonly TimeSpan s_longestBackoff = TimeSpan.FromMinutes(5);

    // If the connection worked a moment ago, retry for a few minutes, often enough to notice quickly when it is back.
    private const int LineAttempts = 14;
    private static readonly TimeSpan s_longestLinePause = TimeSpan.FromSeconds(20);

    // For responses that arrive completely but are unusable.
    private const int BrokenAttempts = 3;

    // A token may be revoked again while the request waits for its slot.
    private const int MaxRenewals = 3;

    // Microsoft treats decorated traffic better: NONISV|Company|App/Version.
    private const string UserAgent = "NONISV|KlarKonform|Backup/0.1";

    private readonly GraphSettings _settings;
    private readonly string _endpoint;
    private readonly GraphTokenSource _tokens;
    private readonly HttpClient _http;
    private readonly TimeProvider _time;
    private readonly ServerClock _clock;
    private readonly Random _random;
    private readonly GraphLog _log;
    private Bearer _bearer = new("", "");

    /// <summary>Creates a client.</summary>
    /// <param name="settings">Graph's address.</param>
    /// <param name="tokens">The app's tokens.</param>
    /// <param name="governor">Limits of this app in this tenant.</param>
    /// <param name="handler"> Trust, proxy, TLS, and how long to wait on a silent line: there is no other limit. Must not follow redirects,
    /// so that a token never leaves Graph's host. </param>
    /// <param name="time">Clock and pauses.</param>
    /// <param name="random">Jitter; thread-safe.</param>
    /// <param name="log">The request log.</param>
    public GraphClient(
        GraphSettings settings,
        GraphTokenSource tokens,
        GraphGovernor governor,
        HttpMessageHandler handler,
        TimeProvider time,
        Random random,
        GraphLog log
    )
    {
        _settings = settings;
        _endpoint = settings.Endpoint.ToString().TrimEnd('/');
        _tokens = tokens;
        Governor = governor;
        _time = time;
        _clock = new ServerClock(time);
        _random = random;
        _log = log;
        _http = new HttpClient(handler, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };
    }

    private volatile bool _reached;

    /// <summary>Memory for responses that are read ahead, at most 64 MiB together.</summary>
    internal AnswerMemory Memory { get; } = new(64 << 20);

    /// <summary>
    /// What to add to this computer's time to get Microsoft's, according to the last responses; null before the first one.
    /// </summary>
    public TimeSpan? ClockOffset => _clock.Offset;

    /// <summary>The limits that this client's requests share.</summary>
    public GraphGovernor Governor { get; }

    /// <summary>The URL of a path below Graph's endpoint.</summary>
    public Uri Address(string path) => new(_endpoint + path);

    /// <summary>Reads a JSON response.</summary>
    /// <exception cref="GraphException">Refused, or no response after all attempts.</exception>
    public async Task<JsonDocument> GetJsonAsync(GraphRequest request, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            using var answer = await SendAsync(request, cancellationToken).ConfigureAwait(false);
            try
            {
                await using var body = await answer.Response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
                return await AnswerJson.ReadAsync(body, request.Permission, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is IOException or HttpRequestException or JsonException)
            {
                // What is not JSON will usually not be JSON the next time either.
                if (
                    attempt >= (exception is JsonException ? Math.Min(BrokenAttempts, request.MaxAttempts) : request.MaxAttempts)
                    || request.IsCreation
                )
                    throw new GraphException(GraphErrorKind.Unreachable, null, GraphException.BrokenAnswer, exception.Message, exception);
            }
            catch (GraphException exception)
                when (IsWorthAnother(exception) && attempt < Math.Min(BrokenAttempts, request.MaxAttempts) && !request.IsCreation)
            {
                // An error inside a success.
            }

            answer.Dispose();
            await BackoffAsync(attempt, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Sends a request until it is answered with success or a redirect, or refused permanently. Dispose the response.</summary>
    /// <exception cref="GraphException">Refused, or no response after all attempts.</exception>
    public async Task<GraphAnswer> SendAsync(GraphRequest request, CancellationToken cancellationToken)
    {
        if (request.Address.Authority != _settings.Endpoint.Authority || request.Address.Scheme != _settings.Endpoint.Scheme)
            throw new GraphException(
                GraphErrorKind.Other,
                null,
                "ForeignLink",
                $"Graph handed out a link to another host, '{request.Address.Host}'; the token is not sent there."
            );
        var renewals = 0;
        for (var attempt = 1; ; attempt++)
        {
            var token = await TokenAsync(request.Scope, cancellationToken).ConfigureAwait(false);
            var admission = await Governor.EnterAsync(request.Scope, request.Places, request.Cost, cancellationToken).ConfigureAwait(false);
            HttpResponseMessage? response = null;
            GraphException failure;
            try
            {
                using var message = Message(request, token);
                var started = _time.GetTimestamp();
                response = await _http
                    .SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken)
                    .ConfigureAwait(false);
                Log(request, response, started);
                _clock.Observe(response.Headers.Date, _time.GetElapsedTime(started));
                if (response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.Redirect)
                {
                    Governor.Answered(request.Scope, response);
                    _reached = true;
                    return new GraphAnswer(response, admission);
                }

                failure = await GraphErrors
                    .ReadAsync(response, request.Permission, RetryAfter(response), cancellationToken)
                    .ConfigureAwait(false);
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
            if (failure.Status == HttpStatusCode.Unauthorized && renewals < MaxRenewals)
            {
                renewals++;
                _log.Events($"Graph refused the access token ({failure.Code}); a new one is asked for.");
                await _tokens.RenewAsync(token, cancellationToken).ConfigureAwait(false);
                continue;
            }

            if (request.IsCreation && failure.Kind == GraphErrorKind.Unreachable)
                throw failure;
            if (!IsWorthAnother(failure) || attempt >= AttemptsAfter(failure, request.MaxAttempts))
                throw failure;
            await WaitAsync(request.Scope, failure, attempt, cancellationToken).ConfigureAwait(false);
        }
    }

    // A token is needed to send a request, so a lost connection is waited for as for the request itself.
    private async Task<string> TokenAsync(GraphScope scope, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await _tokens.GetAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (GraphException failure) when (failure.Kind == GraphErrorKind.Unreachable && attempt < AttemptsAfter(failure, 1))
            {
                await WaitAsync(scope, failure, attempt, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Reads from a pre-authenticated URL: without the token, on any host.</summary>
    /// <exception cref="GraphException">The URL does not use TLS: an eavesdropper could read the file too, and answer in Microsoft's
    /// place.</exception>
    internal async Task<HttpResponseMessage> DownloadAsync(Uri address, long offset, CancellationToken cancellationToken)
    {
        ThrowIfInsecure(address);
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.TryAddWithoutValidation("User-Agent", UserAgent);
        if (offset > 0)
            request.Headers.Range = new RangeHeaderValue(offset, null);
        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends to a pre-authenticated URL: without the token, on any host.</summary>
    /// <exception cref="GraphException">The URL does not use TLS.</exception>
    internal async Task<HttpResponseMessage> UploadAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ThrowIfInsecure(request.RequestUri!);
        request.Headers.TryAddWithoutValidation("User-Agent", UserAgent);
        return await _http.SendAsync(request, HttpCompletionOption.ResponseContentRead, cancellationToken).ConfigureAwait(false);
    }

    private static void ThrowIfInsecure(Uri address)
    {
        if (address.Scheme != Uri.UriSchemeHttps && !(address.Scheme == Uri.UriSchemeHttp && address.IsLoopback))
            throw new GraphException(
                GraphErrorKind.Other,
                null,
                "InsecureLink",
                $"Graph handed out an address without TLS, on '{address.Host}'; it is not used."
            );
    }

    /// <summary>Sends a request of which only the success matters.</summary>
    /// <exception cref="GraphException">Refused, or no response after all attempts.</exception>
    public async Task PerformAsync(GraphRequest request, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(request, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits before the next attempt: doubling from half a second, with jitter.</summary>
    internal Task BackoffAsync(int attempt, CancellationToken cancellationToken) => BackoffAsync(attempt, null, cancellationToken);

    /// <summary>Waits before the next attempt, as long as the service asks for if it does.</summary>
    internal Task BackoffAsync(int attempt, TimeSpan? wish, CancellationToken cancellationToken) =>
        wish is { } pause && pause > TimeSpan.Zero && pause <= s_longestPause
            ? Governor.PauseAsync(pause, cancellationToken)
            : Task.Delay(Backoff(attempt), _time, cancellationToken);

    /// <summary>Whether a refusal is temporary, and short enough to wait for.</summary>
    internal static bool IsWorthAnother(GraphException failure) =>
        failure.Kind is GraphErrorKind.Throttled or GraphErrorKind.Unreachable && !(failure.RetryAfter > s_longestPause);

    /// <summary>
    /// Waits after a refusal that is worth retrying: as long as Graph asks for, otherwise with growing pauses. A throttled scope waits as a
    /// whole.
    /// </summary>
    internal async Task WaitAsync(GraphScope scope, GraphException failure, int attempt, CancellationToken cancellationToken)
    {
        var pause = failure.RetryAfter is { } wish && wish > TimeSpan.Zero ? wish : Backoff(attempt);
        if (failure.Status is null && pause > s_longestLinePause)
            pause = s_longestLinePause;
        _log.Events(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{scope.Service} {scope.Resource}: {failure.Code}: attempt {attempt + 1} in {pause.TotalSeconds:0.#} s."
            )
        );
        if (failure.Kind == GraphErrorKind.Throttled)
            Governor.Throttled(scope, pause);
        else if (failure.RetryAfter is not null)
            await Governor.PauseAsync(pause, cancellationToken).ConfigureAwait(false);
        else
            await Task.Delay(pause, _time, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc />
    public void Dispose() => _http.Dispose();

    private string BearerOf(string token)
    {
        var last = _bearer;
        if (last.Token != token)
            _bearer = last = new Bearer(token, "Bearer " + token);
        return last.Header;
    }

    private HttpRequestMessage Message(GraphRequest request, string token)
    {
        var message = new HttpRequestMessage(request.Verb, request.Address);

        // Without parsing: parsing two kilobytes of token for every request is a considerable part of a small request's work.
        message.Headers.TryAddWithoutValidation("Authorization", BearerOf(token));
        message.Headers.TryAddWithoutValidation("User-Agent", UserAgent);
        if (request.Prefer is not null)
            message.Headers.TryAddWithoutValidation("Prefer", request.Prefer);
        if (request.Headers is { } headers)
        {
            foreach (var (name, value) in headers)
                message.Headers.TryAddWithoutValidation(name, value);
        }

        if (request.Body is not null)
        {
            // New content for every attempt: a POST repeated with an empty body has caused damage elsewhere.
            message.Content = new ByteArrayContent(request.Body);
            message.Content.Headers.ContentType = new MediaTypeHeaderValue(request.ContentType);
        }

        return message;
    }

    private void Log(GraphRequest request, HttpResponseMessage response, long started)
    {
        if (_log.Requests is null)
            return;
        var id = response.Headers.TryGetValues("request-id", out var ids) ? ids.First() : "-";
        _log.Requests(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{request.Verb} {request.Address.AbsolutePath} -> {(int)response.StatusCode} in "
                    + $"{_time.GetElapsedTime(started).TotalMilliseconds:0} ms, request-id {id}"
            )
        );
    }

    /// <summary>How long a response asks to wait: in seconds, in fractions of them in older responses, or until a date.</summary>
    internal TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        if (response.Headers.RetryAfter is { } after)
            return after.Delta ?? (after.Date - _time.GetUtcNow());
        return
            response.Headers.TryGetValues("Retry-After", out var values)
            && double.TryParse(values.First(), NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds)
            ? TimeSpan.FromSeconds(seconds)
            : null;
    }

    /// <summary>
    /// The number of attempts after such a failure: a service that keeps refusing one thing is not asked for ever, a lost connection is
    /// waited for. A silent one has already been waited for.
    /// </summary>
    internal int AttemptsAfter(GraphException failure, int normal) =>
        failure is { Kind: GraphErrorKind.Unreachable, Status: null } && _reached && !WasSilent(failure)
            ? Math.Max(normal, LineAttempts)
            : normal;

    /// <summary>Pauses before a download continues whose connection broke.</summary>
    internal Task LineBackoffAsync(int attempt, CancellationToken cancellationToken)
    {
        var pause = Backoff(attempt);
        return Task.Delay(pause < s_longestLinePause ? pause : s_longestLinePause, _time, cancellationToken);
    }

    /// <summary>The number of attempts for a download that receives no byte, if the connection is lost.</summary>
    internal int LineAttemptsFor(Exception failure, int normal) =>
        failure is HttpRequestException && _reached && !WasSilent(failure) ? Math.Max(normal, LineAttempts) : normal;

    private static bool WasSilent(Exception? failure)
    {
        for (; failure is not null; failure = failure.InnerException)
        {
            if (failure is TimeoutException)
                return true;
        }

        return false;
    }

    private TimeSpan Backoff(int attempt)
    {
        var pause = TimeSpan.FromSeconds(0.5 * Math.Pow(2, attempt - 1) * (0.5 + (_random.NextDouble() / 2)));
        return pause < s_longestBackoff ? pause : s_longestBackoff;
    }

    private sealed record Bearer(string Token, string Header)
    {
        public override string ToString() => nameof(Bearer); // Never the token.
    }

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
