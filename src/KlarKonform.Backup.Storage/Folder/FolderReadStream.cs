namespace KlarKonform.Backup.Storage.Folder;

/// <summary>A file's bytes; an error of the disk or share while reading becomes a <see cref="StorageException"/>.</summary>
internal sealed class FolderReadStream(Stream inner, string location, string key) : ForwardReadStream
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            return await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (FolderErrors.IsOne(exception))
        {
            throw FolderErrors.Translate(exception, location, key);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }
}
