using System.Globalization;
using System.Text;

namespace KlarKonform.Backup.WhatsApp.Receiving;

/// <summary>
/// One client's connection: HTTP/1.1 (RFC 9112) as far as a webhook needs it, and strict, because anyone can connect. What two readers
/// could interpret differently is refused. Not thread-safe.
/// </summary>
internal sealed class HttpConnection(Stream stream)
{
    private const int MaxHead = 16 << 10;

    // A body is read in pieces of this size, so that memory use follows what was sent and not what was announced.
    private const int Piece = 128 << 10;
    private const int MaxHeaders = 64;

    private byte[] _buffer = new byte[8 << 10];
    private int _from;
    private int _filled;

    /// <summary>Whether a client's next request has begun to arrive.</summary>
    public async Task<bool> WaitAsync(CancellationToken cancellationToken) =>
        _from < _filled || await FillAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>Reads the next request's head.</summary>
    /// <exception cref="HttpProtocolException">It is not a valid head.</exception>
    public async Task<HttpRequest> ReadHeadAsync(CancellationToken cancellationToken)
    {
        int end;
        while ((end = _buffer.AsSpan(_from, _filled - _from).IndexOf("\r\n\r\n"u8)) < 0)
        {
            if (_filled - _from > MaxHead)
                throw new HttpProtocolException(431);
            if (!await FillAsync(cancellationToken).ConfigureAwait(false))
                throw new HttpProtocolException(400);
        }

        var head = Encoding.Latin1.GetString(_buffer, _from, end);
        _from += end + 4;
        return Parse(head);
    }

    /// <summary>Reads a body of known length, or in chunks.</summary>
    /// <param name="length">Its length in bytes, or less than zero.</param>
    /// <param name="max">Its maximum size in bytes.</param>
    /// <param name="grow">Called to reserve room for this many more bytes, beyond the first piece; may refuse by throwing.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <exception cref="HttpProtocolException">It is larger than allowed, or not as announced.</exception>
    public async Task<ReadOnlyMemory<byte>> ReadBodyAsync(long length, int max, Action<long> grow, CancellationToken cancellationToken)
    {
        if (length > max)
            throw new HttpProtocolException(413);
        using var all = new MemoryStream();
        if (length >= 0)
        {
            await ReadAsync(all, (int)length, grow, cancellationToken).ConfigureAwait(false);
            return all.GetBuffer().AsMemory(0, (int)all.Length);
        }

        while (true)
        {
            var line = await ReadLineAsync(cancellationToken).ConfigureAwait(false);
            var size = line.IndexOf(';', StringComparison.Ordinal) is >= 0 and var mark ? line[..mark] : line;
            if (
                size.Length is 0 or > 8
                || !int.TryParse(size.Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var count)
                || count < 0
            )
                throw new HttpProtocolException(400);
            if (count > max - all.Length)
                throw new HttpProtocolException(413);
            if (count == 0)
                break;
            await ReadAsync(all, count, grow, cancellationToken).ConfigureAwait(false);
            if ((await ReadLineAsync(cancellationToken).ConfigureAwait(false)).Length > 0)
                throw new HttpProtocolException(400);
        }

        for (var trailers = 0; (await ReadLineAsync(cancellationToken).ConfigureAwait(false)).Length > 0; trailers++)
        {
            if (trailers > MaxHeaders)
                throw new HttpProtocolException(431);
        }

        return all.GetBuffer().AsMemory(0, (int)all.Length);
    }

    private async Task ReadAsync(MemoryStream target, int count, Action<long> grow, CancellationToken cancellationToken)
    {
        var piece = new byte[Math.Min(count, Piece)];
        while (count > 0)
        {
            var part = piece.AsMemory(0, Math.Min(count, piece.Length));
            if (target.Length + part.Length > Piece)
                grow(part.Length);
            await ReadExactlyAsync(part, cancellationToken).ConfigureAwait(false);
            target.Write(part.Span);
            count -= part.Length;
        }
    }

    /// <summary>Reads and discards an unwanted body, so that its sender receives the reason.</summary>
    public async Task DiscardAsync(long bytes, CancellationToken cancellationToken)
    {
        bytes -= _filled - _from;
        (_from, _filled) = (0, 0);
        while (bytes > 0 && await stream.ReadAsync(_buffer, cancellationToken).ConfigureAwait(false) is > 0 and var read)
            bytes -= read;
    }

    public ValueTask ContinueAsync(CancellationToken cancellationToken) =>
        stream.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray(), cancellationToken);

    /// <summary>Sends a response.</summary>
    public async Task AnswerAsync(
        int status,
        string text,
        bool keepAlive,
        CancellationToken cancellationToken,
        string type = "text/plain; charset=utf-8"
    )
    {
        var body = Encoding.UTF8.GetBytes(text);
        var head =
            $"HTTP/1.1 {status.ToString(CultureInfo.InvariantCulture)} {Reason(status)}\r\nContent-Type: {type}\r\n"
            + $"Content-Length: {body.Length.ToString(CultureInfo.InvariantCulture)}\r\n"
            + $"X-Content-Type-Options: nosniff\r\n{(keepAlive ? "" : "Connection: close\r\n")}\r\n";
        var answer = new byte[head.Length + body.Length];
        Encoding.Latin1.GetBytes(head, answer);
        body.CopyTo(answer, head.Length);
        await stream.WriteAsync(answer, cancellationToken).ConfigureAwait(false);
        await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private static string Reason(int status) =>
        status switch
        {
            200 => "OK",
            400 => "Bad Request",
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "Not Found",
            405 => "Method Not Allowed",
            411 => "Length Required",
            413 => "Content Too Large",
            431 => "Request Header Fields Too Large",
            503 => "Service Unavailable",
            505 => "HTTP Version Not Supported",
            _ => "Error",
        };

    private static HttpRequest Parse(string head)
    {
        var lines = head.Split("\r\n");
        var words = lines[0].Split(' ');
        if (
            words.Length != 3
            || words[0].Length == 0
            || !words[0].All(char.IsAsciiLetterUpper)
            || !words[1].StartsWith('/')
            || words[1].Any(char.IsControl)
        )
            throw new HttpProtocolException(400);
        if (words[2] is not ("HTTP/1.1" or "HTTP/1.0"))
            throw new HttpProtocolException(505);
        if (lines.Length > MaxHeaders)
            throw new HttpProtocolException(431);
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var line in lines.Skip(1))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0 || !line.AsSpan(0, colon).ContainsOnlyToken() || line.AsSpan().IndexOfAny('\r', '\n', '\0') >= 0)
                throw new HttpProtocolException(400);
            var (name, value) = (line[..colon], line[(colon + 1)..].Trim(' ', '\t'));
            if (!headers.TryAdd(name, value))
            {
                // Contradictory lengths, or two signatures: whatever the intention, it is not a good one.
                if (
                    name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)
                    || name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase)
                    || name.Equals(Webhooks.WebhookSignature.Header, StringComparison.OrdinalIgnoreCase)
                )
                    throw new HttpProtocolException(400);
                headers[name] += ", " + value;
            }
        }

        long? length = null;
        if (headers.TryGetValue("Transfer-Encoding", out var coding))
        {
            if (
                headers.ContainsKey("Content-Length")
                || !coding.Equals("chunked", StringComparison.OrdinalIgnoreCase)
                || words[2] == "HTTP/1.0"
            )
                throw new HttpProtocolException(400);
            length = -1;
        }
        else if (headers.TryGetValue("Content-Length", out var text))
        {
            length =
                text.Length is > 0 and <= 18 && text.All(char.IsAsciiDigit)
                    ? long.Parse(text, CultureInfo.InvariantCulture)
                    : throw new HttpProtocolException(400);
        }

        var connection = headers.GetValueOrDefault("Connection", "");
        var keep =
            words[2] == "HTTP/1.1"
                ? !connection.Contains("close", StringComparison.OrdinalIgnoreCase)
                : connection.Contains("keep-alive", StringComparison.OrdinalIgnoreCase);
        return new HttpRequest(words[0], words[1], headers, keep) { Length = length };
    }

    private async Task<bool> FillAsync(CancellationToken cancellationToken)
    {
        if (_from == _filled)
            (_from, _filled) = (0, 0);
        else if (_filled == _buffer.Length && _from > 0)
            (_filled, _from) = (Move(), 0);
        if (_filled == _buffer.Length)
            Array.Resize(ref _buffer, _buffer.Length * 2);
        var read = await stream.ReadAsync(_buffer.AsMemory(_filled), cancellationToken).ConfigureAwait(false);
        _filled += read;
        return read > 0;
    }

    private int Move()
    {
        _buffer.AsSpan(_from, _filled - _from).CopyTo(_buffer);
        return _filled - _from;
    }

    private async Task ReadExactlyAsync(Memory<byte> target, CancellationToken cancellationToken)
    {
        var ready = Math.Min(target.Length, _filled - _from);
        _buffer.AsSpan(_from, ready).CopyTo(target.Span);
        _from += ready;
        for (target = target[ready..]; target.Length > 0; )
        {
            var read = await stream.ReadAsync(target, cancellationToken).ConfigureAwait(false);
            if (read == 0)
                throw new HttpProtocolException(400);
            target = target[read..];
        }
    }

    private async Task<string> ReadLineAsync(CancellationToken cancellationToken)
    {
        int end;
        while ((end = _buffer.AsSpan(_from, _filled - _from).IndexOf("\r\n"u8)) < 0)
        {
            if (_filled - _from > 1024)
                throw new HttpProtocolException(400);
            if (!await FillAsync(cancellationToken).ConfigureAwait(false))
                throw new HttpProtocolException(400);
        }

        var line = Encoding.Latin1.GetString(_buffer, _from, end);
        _from += end + 2;
        return line;
    }
}
