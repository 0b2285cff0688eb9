using KlarKonform.Backup.WhatsApp;

namespace KlarKonform.Backup.Engine.Sources.WhatsApp.Locations;

/// <summary>
/// A file at a place as a stream that can be read at any position: a ZIP's directory is at its end. Forward reading keeps its connection.
/// Synchronous reads block, because ZipArchive reads its directory that way: a few megabytes at most. Not thread-safe.
/// </summary>
internal sealed class LocationStream(IDropLocation place, DropFile file, CancellationToken cancellationToken) : Stream
{
    private readonly byte[] _buffer = new byte[256 << 10];
    private long _bufferAt;
    private int _buffered;
    private Stream? _inner;
    private long _innerAt;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => file.Size;

    public override long Position { get; set; }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken token = default)
    {
        if (buffer.Length == 0 || Position >= Length || Position < 0)
            return 0;
        if (Position < _bufferAt || Position >= _bufferAt + _buffered)
            await FillAsync(token);
        var from = (int)(Position - _bufferAt);
        var count = Math.Min(buffer.Length, _buffered - from);
        _buffer.AsSpan(from, count).CopyTo(buffer.Span);
        Position += count;
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask().GetAwaiter().GetResult();

    public override long Seek(long offset, SeekOrigin origin) =>
        Position = origin switch
        {
            SeekOrigin.Begin => offset,
            SeekOrigin.Current => Position + offset,
            _ => Length + offset,
        };

    public override void Flush() { }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _inner?.Dispose();
        base.Dispose(disposing);
    }

    private async Task FillAsync(CancellationToken token)
    {
        try
        {
            if (_inner is null || _innerAt != Position)
            {
                if (_inner is not null)
                    await _inner.DisposeAsync();
                _inner = await place.OpenAsync(file, Position, token);
                _innerAt = Position;
            }

            (_bufferAt, _buffered) = (Position, 0);
            var wanted = (int)Math.Min(_buffer.Length, Length - Position);
            while (_buffered < wanted)
            {
                var read = await _inner.ReadAsync(_buffer.AsMemory(_buffered, wanted - _buffered), token);
                if (read == 0)
                    break;
                _buffered += read;
                _innerAt += read;
            }
        }
        catch (Exception exception) when (DropFailure.IsOne(exception))
        {
            throw DropFailure.Of(exception, place.Name);
        }

        if (_buffered == 0)
            throw new WhatsAppException(WhatsAppErrorKind.Incomplete, "The file became shorter while it was read.");
    }
}
