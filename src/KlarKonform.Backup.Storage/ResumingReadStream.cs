namespace KlarKonform.Backup.Storage;

/// <summary>A forward-only stream that reopens the object at the right byte when reading fails.</summary>
internal sealed class ResumingReadStream : ForwardReadStream
{
    private readonly Func<long, long?, CancellationToken, Task<Stream>> _open;
    private readonly long _start;
    private readonly long? _length;
    private readonly int _attempts;
    private Stream _current;
    private long _done;

    public ResumingReadStream(Stream first, Func<long, long?, CancellationToken, Task<Stream>> open, long start, long? length, int attempts)
    {
        _current = first;
        _open = open;
        _start = start;
        _length = length;
        _attempts = attempts;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var read = await _current.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
                if (read == 0 && buffer.Length > 0 && _length is { } length && _done < length && attempt < _attempts)
                    throw new EndOfStreamException($"The object ended after {_done} of {length} bytes.");
                _done += read;
                return read;
            }
            catch (Exception exception)
                when (attempt < _attempts
                    && !cancellationToken.IsCancellationRequested
                    && (
                        exception is IOException or EndOfStreamException or HttpRequestException
                        || exception is StorageException { IsTransient: true }
                    )
                )
            {
                await _current.DisposeAsync().ConfigureAwait(false);
                _current = await _open(_start + _done, _length - _done, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await _current.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _current.Dispose();
        base.Dispose(disposing);
    }
}
