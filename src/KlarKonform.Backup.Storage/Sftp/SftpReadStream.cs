namespace KlarKonform.Backup.Storage.Sftp;

/// <summary>Reads a remote file and gives its connection back when disposed.</summary>
internal sealed class SftpReadStream(SftpLease lease, Stream inner, string location, string key) : ForwardReadStream
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            return await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
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
            inner.Dispose();
            lease.Dispose();
        }

        base.Dispose(disposing);
    }
}
