using Amazon.S3.Model;

namespace KlarKonform.Backup.Storage.S3;

/// <summary>An object's body; a connection that breaks while reading becomes a <see cref="StorageException"/>.</summary>
internal sealed class S3ReadStream(GetObjectResponse response, string location, string key) : ForwardReadStream
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            return await response.ResponseStream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            throw S3Errors.Translate(exception, location, key);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            response.Dispose();
        base.Dispose(disposing);
    }
}
