using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
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
    // A token may be revoked again while the request waits for its slot.
    private const int MaxRenewals = 3;

    private readonly GraphSettings _settings;
    private readonly string _endpoint;
    private readonly GraphTokenSource _tokens;
    private readonly GraphMessages _messages = new();
    private readonly HttpClient _http;
    private readonly TimeProvider _time;
    private readonly ServerClock _clock;
    private readonly GraphLog _log;

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
        Retries = new GraphRetries(random);
        _log = log;
        _http = new HttpClient(handler, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Memory for responses that are read ahead, at most 64 MiB together.</summary>
    internal AnswerMemory Memory { get; } = new(64 << 20);

    /// <summary>Decides what is tried again, also for what is sent to other hosts.</summary>
    internal GraphRetries Retries { get; }

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
            TimeSpan pause;
            using (var answer = await SendAsync(request, cancellationToken).ConfigureAwait(false))
            {
                try
                {
                    await using var body = await answer.Response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
                    return await AnswerJson.ReadAsync(body, request.Permission, cancellationToken).ConfigureAwait(false);
                }
                catch (Exception exception) when (Retries.PauseAfterBroken(exception, request, attempt) is { } next)
                {
                    pause = next;
                }
                catch (Exception exception) when (exception is IOException or HttpRequestException or JsonException)
                {
                    throw new GraphException(GraphErrorKind.Unreachable, null, GraphException.BrokenAnswer, exception.Message, exception);
                }
            }

            await Task.Delay(pause, _time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Sends a request until it is answered with success or a redirect, or refused permanently. Dispose the response.</summary>
    /// <exception cref="GraphException">Refused, or no response after all attempts.</exception>
    public async Task<GraphAnswer> SendAsync(GraphRequest request, CancellationToken cancellationToken)
    {
        ThrowIfForeign(request.Address);
        var renewals = 0;
        for (var attempt = 1; ; attempt++)
        {
            var token = await TokenAsync(request.Scope, cancellationToken).ConfigureAwait(false);
            var (answer, failure) = await TryAsync(request, token, cancellationToken).ConfigureAwait(false);
            if (answer is not null)
                return answer;
            if (failure!.Status == HttpStatusCode.Unauthorized && renewals < MaxRenewals)
            {
                renewals++;
                _log.Events($"Graph refused the access token ({failure.Code}); a new one is asked for.");
                await _tokens.RenewAsync(token, cancellationToken).ConfigureAwait(false);
                attempt--; // The sign-in was renewed, nothing was tried; how often that happens is limited by itself.
                continue;
            }

            if (Retries.PauseAfter(failure, request, attempt) is not { } pause)
                throw failure;
            await WaitAsync(request.Scope, failure, attempt, pause, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Sends a request of which only the success matters.</summary>
    /// <exception cref="GraphException">Refused, or no response after all attempts.</exception>
    public async Task PerformAsync(GraphRequest request, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(request, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads from a pre-authenticated URL: without the token, on any host.</summary>
    /// <exception cref="GraphException">The URL does not use TLS: an eavesdropper could read the file too, and answer in Microsoft's
    /// place.</exception>
    internal async Task<HttpResponseMessage> DownloadAsync(Uri address, long offset, CancellationToken cancellationToken)
    {
        ThrowIfInsecure(address);
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        GraphMessages.Sign(request);
        if (offset > 0)
            request.Headers.Range = new RangeHeaderValue(offset, null);
        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends to a pre-authenticated URL: without the token, on any host.</summary>
    /// <exception cref="GraphException">The URL does not use TLS.</exception>
    internal async Task<HttpResponseMessage> UploadAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ThrowIfInsecure(request.RequestUri!);
        GraphMessages.Sign(request);
        return await _http.SendAsync(request, HttpCompletionOption.ResponseContentRead, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>How long a response asks to wait, or null.</summary>
    internal TimeSpan? RetryAfter(HttpResponseMessage response) => GraphRetries.RetryAfter(response, _time.GetUtcNow());

    /// <summary>Waits before the next attempt: doubling from half a second, with jitter.</summary>
    internal Task BackoffAsync(int attempt, CancellationToken cancellationToken) => BackoffAsync(attempt, null, cancellationToken);

    /// <summary>Waits before the next attempt, as long as the service asks for if it does.</summary>
    internal Task BackoffAsync(int attempt, TimeSpan? wish, CancellationToken cancellationToken) =>
        wish is { } pause && GraphRetries.IsAcceptable(pause)
            ? Governor.PauseAsync(pause, cancellationToken)
            : Task.Delay(Retries.Backoff(attempt), _time, cancellationToken);

    /// <summary>Waits before a download continues whose connection broke.</summary>
    internal Task LineBackoffAsync(int attempt, CancellationToken cancellationToken) =>
        Task.Delay(Retries.LineBackoff(attempt), _time, cancellationToken);

    /// <summary>
    /// Waits after a refusal that is worth retrying: as long as Graph asks for, otherwise with growing pauses. A throttled scope waits as a
    /// whole.
    /// </summary>
    internal Task WaitAsync(GraphScope scope, GraphException failure, int attempt, CancellationToken cancellationToken) =>
        WaitAsync(scope, failure, attempt, Retries.Pause(failure, attempt), cancellationToken);

    /// <inheritdoc />
    public void Dispose() => _http.Dispose();

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

    private void ThrowIfForeign(Uri address)
    {
        if (address.Authority != _settings.Endpoint.Authority || address.Scheme != _settings.Endpoint.Scheme)
            throw new GraphException(
                GraphErrorKind.Other,
                null,
                "ForeignLink",
                $"Graph handed out a link to another host, '{address.Host}'; the token is not sent there."
            );
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
            catch (GraphException failure) when (Retries.PauseAfter(failure, maxAttempts: 1, attempt) is { } pause)
            {
                await WaitAsync(scope, failure, attempt, pause, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // One of the two is null. After a failure, the place at the governor is given back: the pause before the next attempt takes none.
    private async Task<(GraphAnswer? Answer, GraphException? Failure)> TryAsync(
        GraphRequest request,
        string token,
        CancellationToken cancellationToken
    )
    {
        var admission = await Governor.EnterAsync(request.Scope, request.Places, request.Cost, cancellationToken).ConfigureAwait(false);
        HttpResponseMessage? response = null;
        GraphAnswer? answer = null;
        try
        {
            using var message = _messages.Create(request, token);
            var started = _time.GetTimestamp();
            response = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
            Log(request, response, started);
            _clock.Observe(response.Headers.Date, _time.GetElapsedTime(started));
            if (!response.IsSuccessStatusCode && response.StatusCode != HttpStatusCode.Redirect)
                return (
                    null,
                    await GraphErrors.ReadAsync(response, request.Permission, RetryAfter(response), cancellationToken).ConfigureAwait(false)
                );
            Governor.Answered(request.Scope, response);
            Retries.ConnectionWorks();
            answer = new GraphAnswer(response, admission);
            return (answer, null);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return (null, GraphErrors.Unreachable(exception));
        }
        finally
        {
            if (answer is null)
            {
                response?.Dispose();
                admission.Dispose();
            }
        }
    }

    private async Task WaitAsync(GraphScope scope, GraphException failure, int attempt, TimeSpan pause, CancellationToken cancellationToken)
    {
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
}
