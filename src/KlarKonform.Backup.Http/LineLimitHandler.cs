using System.Globalization;

namespace KlarKonform.Backup.Http;

/// <summary>
/// Prevents endless waiting: a response whose headers do not arrive becomes an <see cref="HttpRequestException"/>, a body that falls silent
/// while being read an <see cref="IOException"/>, each with a <see cref="TimeoutException"/> inside. So a connection that a firewall
/// silently dropped looks like one that broke, which every caller retries or resumes by range. Thread-safe.
/// </summary>
/// <param name="inner">The handler that sends; disposed with this one.</param>
/// <param name="limits">How long to wait.</param>
/// <param name="time">The clock.</param>
/// <param name="moved">Called whenever the service has transferred something, for monitoring progress; or null.</param>
public sealed class LineLimitHandler(HttpMessageHandler inner, LineLimits limits, TimeProvider time, Action? moved = null)
    : DelegatingHandler(inner)
{
    /// <inheritdoc />
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var wait = new AnswerWait(limits.Headers, time, cancellationToken);
        var body = request.Content;
        if (body is not null)
            request.Content = new SentContent(body, wait);
        try
        {
            var response = await base.SendAsync(request, wait.Token).ConfigureAwait(false);
            var passed = (int)response.StatusCode < 400 ? moved : null;
            passed?.Invoke();
            response.Content = new ReceivedContent(response.Content, limits.Silence, time, passed);
            return response;
        }
        catch (OperationCanceledException exception) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(exception.Message, exception, cancellationToken);
        }
        catch (Exception exception) when (wait.IsOver && !cancellationToken.IsCancellationRequested)
        {
            var silence = string.Create(
                CultureInfo.InvariantCulture,
                $"'{request.RequestUri?.Host}' did not answer within {wait.Limit.TotalSeconds:0.#} seconds."
            );
            throw new HttpRequestException(silence, new TimeoutException(silence, exception));
        }
        finally
        {
            // The caller's own content again: a caller that sends a request twice finds it unchanged.
            request.Content = body;
        }
    }

    /// <inheritdoc />
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken) =>
        SendAsync(request, cancellationToken).GetAwaiter().GetResult();
}
