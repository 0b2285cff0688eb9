namespace KlarKonform.Backup.Storage.Sftp;

/// <summary>Reads a remote file and returns its connection when disposed.</summary>
internal sealed class SftpReadStream(SftpStoreOptions options, SftpLease lease, Stream inner, string location, string key)
    : ForwardReadStream
{
    private const int Most = 128 << 10;

    // A read that was abandoned may still write when its response comes late, so it never gets the caller's memory.
    private byte[] _own = [];

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            if (_own.Length < Math.Min(buffer.Length, Most))
                _own = new byte[Math.Min(buffer.Length, Most)];
            var reading = inner.ReadAsync(_own.AsMemory(0, Math.Min(buffer.Length, _own.Length)), cancellationToken);
            var read = reading.IsCompletedSuccessfully
                ? reading.Result
                : await reading.AsTask().WaitAsync(options.Silence, options.Time, cancellationToken).ConfigureAwait(false);
            _own.AsSpan(0, read).CopyTo(buffer.Span);
            return read;
        }
        catch (Exception exception)
        {
            lease.Broken = true;
            if (exception is OperationCanceledException && cancellationToken.IsCancellationRequested)
                throw;
            throw SftpErrors.Translate(exception, location, key);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            // Closing the file sends a request to the server; if the connection is to be dropped, there would be no response.
            if (!lease.Broken)
                inner.Dispose();
            lease.Dispose();
        }

        base.Dispose(disposing);
    }
}
