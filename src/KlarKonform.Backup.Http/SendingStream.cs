namespace KlarKonform.Backup.Http;

/// <summary>Writes in pieces and reports each: a body of many megabytes, written at once, would look like silence on a slow line.</summary>
internal sealed class SendingStream(Stream inner, AnswerWait wait) : Stream
{
    private const int Piece = 64 << 10;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        do
        {
            var piece = buffer[..Math.Min(Piece, buffer.Length)];
            await inner.WriteAsync(piece, cancellationToken).ConfigureAwait(false);
            wait.Sent(piece.Length);
            buffer = buffer[piece.Length..];
        } while (buffer.Length > 0);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count)
    {
        inner.Write(buffer, offset, count);
        wait.Sent(count);
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override void Flush() => inner.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
