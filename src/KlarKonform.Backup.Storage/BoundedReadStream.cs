namespace KlarKonform.Backup.Storage;

/// <summary>Reads at most a number of bytes from a stream that it owns.</summary>
internal sealed class BoundedReadStream : ForwardReadStream
{
    private readonly Stream _inner;
    private long _left;

    public BoundedReadStream(Stream inner, long length)
    {
        _inner = inner;
        _left = length;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_left <= 0)
            return 0;
        if (buffer.Length > _left)
            buffer = buffer[..(int)_left];
        var read = await _inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        _left -= read;
        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _inner.Dispose();
        base.Dispose(disposing);
    }
}
