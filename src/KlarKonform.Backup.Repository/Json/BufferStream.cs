namespace KlarKonform.Backup.Repository.Json;

/// <summary>Writes into a growing buffer, for code that needs a stream. For one thread.</summary>
/// <param name="buffer">The caller's buffer, which the caller disposes.</param>
internal sealed class BufferStream(PooledBuffer buffer) : Stream
{
    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Write(byte[] content, int offset, int count) => Write(content.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> content)
    {
        content.CopyTo(buffer.GetSpan(content.Length));
        buffer.Advance(content.Length);
    }

    public override void Flush() { }

    public override int Read(byte[] target, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
