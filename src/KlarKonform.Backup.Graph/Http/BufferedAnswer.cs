using System.Buffers;

namespace KlarKonform.Backup.Graph.Http;

/// <summary>
/// A response body, read into memory at line speed because an open response occupies one of the mailbox's slots. What exceeds the buffer,
/// or gets no memory because the storage is slower than Graph, is read on demand: that slows the source down.
/// </summary>
internal sealed class BufferedAnswer : Stream
{
    private const int MaxBuffer = 4 << 20;
    private const int FirstBuffer = 16 << 10;

    // This much each response may use in any case; only what exceeds it is counted.
    private const int Free = 64 << 10;

    private readonly int _length;
    private readonly GraphAnswer? _answer;
    private readonly Stream? _rest;
    private readonly AnswerMemory _memory;
    private readonly long _taken;
    private byte[]? _head;
    private int _position;

    private BufferedAnswer(byte[] head, int length, AnswerMemory memory, long taken, GraphAnswer? answer, Stream? rest)
    {
        _memory = memory;
        _taken = taken;
        _head = head;
        _length = length;
        _answer = answer;
        _rest = rest;
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Takes over the response and disposes it as soon as possible.</summary>
    /// <exception cref="GraphException">The response broke off.</exception>
    /// <param name="answer">The answer.</param>
    /// <param name="memory">The memory that all responses share.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    public static async Task<Stream> OpenAsync(GraphAnswer answer, AnswerMemory memory, CancellationToken cancellationToken)
    {
        var first = (int)Math.Clamp(answer.Response.Content.Headers.ContentLength + 1 ?? FirstBuffer, FirstBuffer, MaxBuffer);
        var taken = 0L;
        if (first > Free)
        {
            if (memory.TryTake(first))
                taken = first;
            else
                first = Free;
        }

        // Pooled: a mail per millisecond would keep the garbage collector busy.
        var head = ArrayPool<byte>.Shared.Rent(first);
        try
        {
            var body = await answer.Response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            var length = 0;
            while (true)
            {
                if (length == head.Length)
                {
                    var more = 2L * length > Free ? (2L * length) - taken : 0;
                    if (length >= MaxBuffer || !memory.TryTake(more))
                        return new BufferedAnswer(head, length, memory, taken, answer, body);
                    taken += more;
                    var larger = ArrayPool<byte>.Shared.Rent(length * 2);
                    head.AsSpan(0, length).CopyTo(larger);
                    ArrayPool<byte>.Shared.Return(head);
                    head = larger;
                }

                var read = await ReadAsync(body, head.AsMemory(length), cancellationToken).ConfigureAwait(false);
                if (read == 0)
                {
                    answer.Dispose();
                    return new BufferedAnswer(head, length, memory, taken, null, null);
                }

                length += read;
            }
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(head);
            memory.GiveBack(taken);
            answer.Dispose();
            throw;
        }
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_head is null, this);
        var count = Math.Min(buffer.Length, _length - _position);
        if (count == 0)
            return _rest is null || buffer.Length == 0 ? ValueTask.FromResult(0) : ReadAsync(_rest, buffer, cancellationToken);
        _head.AsSpan(_position, count).CopyTo(buffer.Span);
        _position += count;
        return ValueTask.FromResult(count);
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
        {
            _answer?.Dispose();
            if (Interlocked.Exchange(ref _head, null) is { } head)
            {
                ArrayPool<byte>.Shared.Return(head);
                _memory.GiveBack(_taken);
            }
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
            throw new GraphException(GraphErrorKind.Unreachable, null, GraphException.BrokenAnswer, exception.Message, exception);
        }
    }
}
