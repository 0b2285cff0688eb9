using System.Net;
using System.Security.Authentication;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Graph.Drives;

/// <summary>Reads from a pre-authenticated URL, resumes by range where it broke off, and renews an expired URL.</summary>
internal sealed class DownloadStream(GraphClient client, Func<CancellationToken, Task<Uri>> renew, Uri address, long size, long from = 0)
    : Stream
{
    // Attempts without a single new byte in between.
    private const int MaxAttempts = 6;

    private HttpResponseMessage? _response;
    private Stream? _body;
    private long _position = from;
    private int _attempt;
    private TimeSpan? _wish;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            try
            {
                if (_body is null && !await OpenAsync(cancellationToken).ConfigureAwait(false))
                    return 0;
                var read = await _body!.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
                if (read == 0 && buffer.Length > 0 && _position < Expected)
                    throw new IOException($"The download ended after {_position} of {Expected} bytes.");
                _position += read;
                if (read > 0)
                    _attempt = 0;
                return read;
            }
            catch (Exception exception) when (exception is IOException or HttpRequestException)
            {
                CloseResponse();
                if (FindTls(exception) is { } tls)
                    throw new GraphException(GraphErrorKind.UntrustedCertificate, null, "UntrustedCertificate", tls.Message, exception);
                if (++_attempt >= client.Retries.AttemptsAfter(exception, MaxAttempts))
                    throw new GraphException(GraphErrorKind.Unreachable, null, "DownloadBroken", exception.Message, exception);
                await (
                    _wish is null
                        ? client.LineBackoffAsync(_attempt, cancellationToken)
                        : client.BackoffAsync(_attempt, _wish, cancellationToken)
                ).ConfigureAwait(false);
                _wish = null;
            }
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Read asynchronously.");

    public override void Flush() { }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            CloseResponse();
        base.Dispose(disposing);
    }

    /// <summary>The size announced by the server, or otherwise by the item's properties.</summary>
    private long Expected { get; set; } = size;

    private async Task<bool> OpenAsync(CancellationToken cancellationToken)
    {
        if (_position > 0 && _position >= Expected)
            return false;
        _response = await client.DownloadAsync(address, _position, cancellationToken).ConfigureAwait(false);
        switch (_response.StatusCode)
        {
            case HttpStatusCode.OK when _position == 0:
            case HttpStatusCode.PartialContent when _response.Content.Headers.ContentRange?.From == _position:
                break;
            case HttpStatusCode.OK:
                throw new IOException("The server ignored the range.");
            case HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.NotFound or HttpStatusCode.Gone:
                // Pre-authenticated URLs are valid for minutes.
                address = await renew(cancellationToken).ConfigureAwait(false);
                throw new IOException($"The download address expired (HTTP {(int)_response.StatusCode}).");
            default:
                // 429 and 503 come from this host too, with Retry-After.
                _wish = client.RetryAfter(_response);
                throw new IOException($"The download was answered with HTTP {(int)_response.StatusCode}.");
        }

        if (_response.Content.Headers.ContentLength is { } length)
            Expected = _position + length;
        _body = await _response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        return true;
    }

    private void CloseResponse()
    {
        _body?.Dispose();
        _response?.Dispose();
        _body = null;
        _response = null;
    }

    private static AuthenticationException? FindTls(Exception? exception)
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            if (exception is AuthenticationException found)
                return found;
        }

        return null;
    }
}
