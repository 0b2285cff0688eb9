namespace KlarKonform.Backup.Graph.Http;

/// <summary>
/// An answer's body, read at line speed into memory because an open answer holds one of the mailbox's places. Only what is larger than
/// the buffer is read while it is used; that keeps memory bounded, and such messages are rare.
/// </summary>
internal sealed class BufferedAnswer : Stream
{
    private const int MaxBuffer = 4 << 20;

    private readonly MemoryStream _head;
    private readonly GraphAnswer? _answer;
    private readonly Stream? _rest;

    private BufferedAnswer(MemoryStream head, GraphAnswer? answer, Stream? rest)
    {
        _head = head;
        _answer = answer;
        _rest = rest;
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Takes the answer over and disposes it as soon as it can.</summary>
    /// <exception cref="GraphException">The answer broke.</exception>
    public static async Task<Stream> OpenAsync(GraphAnswer answer, CancellationToken cancellationToken)
    {
        try
        {
            var length = answer.Response.Content.Headers.ContentLength;
            var head = new MemoryStream((int)Math.Min(length ?? 64 << 10, MaxBuffer));
            var body = await answer.Response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            var buffer = new byte[64 << 10];
            while (head.Length < MaxBuffer)
            {
                var read = await ReadAsync(body, buffer, cancellationToken).ConfigureAwait(false);
                if (read == 0)
                {
                    answer.Dispose();
                    head.Position = 0;
                    return head;
                }

                head.Write(buffer, 0, read);
            }

            head.Position = 0;
            return new BufferedAnswer(head, answer, body);
        }
        catch
        {
            answer.Dispose();
            throw;
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = _head.Read(buffer.Span);
        return read > 0 || buffer.Length == 0 ? read : await ReadAsync(_rest!, buffer, cancellationToken).ConfigureAwait(false);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Read asynchronously.");

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _answer?.Dispose();
            _head.Dispose();
        }

        base.Dispose(disposing);
    }

    private static async ValueTask<int> ReadAsync(Stream body, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await body.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException)
        {
            throw new GraphException(GraphErrorKind.Unreachable, null, "BrokenAnswer", exception.Message, exception);
        }
    }
}
