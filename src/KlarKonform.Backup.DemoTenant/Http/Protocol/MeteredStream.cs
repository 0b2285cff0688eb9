namespace KlarKonform.Backup.DemoTenant.Http.Protocol;

/// <summary>A stream that passes every written piece through a <see cref="ContentMeter"/>. Write-only.</summary>
internal sealed class MeteredStream(ContentMeter meter, Stream inner, string item) : Stream
{
    // Small enough for many downloads to advance concurrently.
    private const int Piece = 16 << 10;

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
        for (; buffer.Length > 0; buffer = buffer[Math.Min(Piece, buffer.Length)..])
        {
            var piece = buffer[..Math.Min(Piece, buffer.Length)];
            await meter.PassAsync(item, piece.Length, cancellationToken);
            await inner.WriteAsync(piece, cancellationToken);
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count) =>
        WriteAsync(buffer, offset, count, CancellationToken.None).GetAwaiter().GetResult();

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override void Flush() => inner.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
