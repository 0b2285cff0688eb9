namespace KlarKonform.Backup.Storage.Limiting;

/// <summary>Keeps a store's traffic below a rate, so that a backup leaves bandwidth for the people who work there. Thread-safe.</summary>
/// <param name="inner">The store; disposing this disposes it too.</param>
/// <param name="upload">Limit for saving, or null for none.</param>
/// <param name="download">Limit for reading, or null for none.</param>
public sealed class LimitingObjectStore(IObjectStore inner, RateLimit? upload, RateLimit? download) : IObjectStore
{
    /// <inheritdoc />
    public string Location => inner.Location;

    /// <inheritdoc />
    public Task PrepareAsync(bool create, CancellationToken cancellationToken) => inner.PrepareAsync(create, cancellationToken);

    /// <inheritdoc />
    public Task<StoredObject?> StatAsync(string key, CancellationToken cancellationToken) => inner.StatAsync(key, cancellationToken);

    /// <summary>Stores an object once its bytes may pass. The store itself then sends them at once: the rate holds on average.</summary>
    /// <inheritdoc />
    public async Task SaveAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        if (upload is not null)
            await upload.PassAsync(content.Length, cancellationToken).ConfigureAwait(false);
        await inner.SaveAsync(key, content, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc />
    public async Task<Stream> OpenReadAsync(string key, long offset, long? length, CancellationToken cancellationToken)
    {
        var stream = await inner.OpenReadAsync(key, offset, length, cancellationToken).ConfigureAwait(false);
        return download is null ? stream : new LimitedReadStream(stream, download);
    }

    /// <inheritdoc />
    public IAsyncEnumerable<StoredObject> ListAsync(string folder, CancellationToken cancellationToken) =>
        inner.ListAsync(folder, cancellationToken);

    /// <inheritdoc />
    public Task DeleteAsync(string key, CancellationToken cancellationToken) => inner.DeleteAsync(key, cancellationToken);

    /// <inheritdoc />
    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private sealed class LimitedReadStream(Stream stream, RateLimit limit) : ForwardReadStream
    {
        // Small steps, because otherwise a slow line would pause for seconds and then get a burst.
        private const int Step = 64 * 1024;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await stream.ReadAsync(buffer.Length > Step ? buffer[..Step] : buffer, cancellationToken).ConfigureAwait(false);
            await limit.PassAsync(read, cancellationToken).ConfigureAwait(false);
            return read;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                stream.Dispose();
            base.Dispose(disposing);
        }
    }
}
