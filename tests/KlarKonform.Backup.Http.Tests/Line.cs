using System.Net;
using System.Threading.Channels;

namespace KlarKonform.Backup.Http.Tests;

/// <summary>A server as a handler: its response body arrives piece by piece, when the test says so.</summary>
internal sealed class Line : HttpMessageHandler
{
    private readonly Channel<byte[]> _pieces = Channel.CreateUnbounded<byte[]>();
    private readonly SemaphoreSlim _reading = new(0);

    /// <summary>What the server does before it answers; null for nothing.</summary>
    public Func<HttpRequestMessage, CancellationToken, Task>? Before { get; init; }

    public HttpStatusCode Status { get; init; } = HttpStatusCode.OK;

    public void Send(params byte[] piece) => _pieces.Writer.TryWrite(piece);

    public void End() => _pieces.Writer.Complete();

    /// <summary>Waits until a reader waits for a piece.</summary>
    public Task ReadingAsync() => _reading.WaitAsync();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _reading.Dispose();
        base.Dispose(disposing);
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (Before is not null)
            await Before(request, cancellationToken);
        var content = new StreamContent(new Body(this));
        content.Headers.ContentType = new("text/plain");
        return new HttpResponseMessage(Status) { Content = content };
    }

    private sealed class Body(Line line) : Stream
    {
        private ReadOnlyMemory<byte> _left;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_left.IsEmpty)
            {
                var wait = line._pieces.Reader.WaitToReadAsync(cancellationToken).AsTask();
                if (!wait.IsCompleted)
                {
                    // The reader's timer runs once it has seen that there is no data yet.
                    _ = Task.Run(() => line._reading.Release(), CancellationToken.None);
                    await Task.Yield();
                }

                if (!await wait)
                    return 0;
                line._pieces.Reader.TryRead(out var piece);
                _left = piece;
            }

            var count = Math.Min(buffer.Length, _left.Length);
            _left[..count].CopyTo(buffer);
            _left = _left[count..];
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() { }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
