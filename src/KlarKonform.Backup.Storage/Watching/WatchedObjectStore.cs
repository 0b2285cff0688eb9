using System.Runtime.CompilerServices;

namespace KlarKonform.Backup.Storage.Watching;

/// <summary>Reports whenever a store has transferred something, for monitoring progress. Thread-safe.</summary>
/// <param name="inner">The store; disposing this disposes it too.</param>
/// <param name="counts">Which keys count as progress: a lock that is renewed while nothing else happens does not.</param>
/// <param name="moved">Called from any thread, often; must be cheap.</param>
public sealed class WatchedObjectStore(IObjectStore inner, Func<string, bool> counts, Action moved) : IObjectStore
{
    /// <inheritdoc />
    public string Location => inner.Location;

    /// <inheritdoc />
    public async Task PrepareAsync(bool create, CancellationToken cancellationToken)
    {
        await inner.PrepareAsync(create, cancellationToken).ConfigureAwait(false);
        moved();
    }

    /// <inheritdoc />
    public async Task<StoredObject?> StatAsync(string key, CancellationToken cancellationToken)
    {
        var found = await inner.StatAsync(key, cancellationToken).ConfigureAwait(false);
        Tell(key);
        return found;
    }

    /// <inheritdoc />
    public async Task SaveAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        await inner.SaveAsync(key, content, cancellationToken).ConfigureAwait(false);
        Tell(key);
    }

    /// <inheritdoc />
    public async Task<Stream> OpenReadAsync(string key, long offset, long? length, CancellationToken cancellationToken)
    {
        var stream = await inner.OpenReadAsync(key, offset, length, cancellationToken).ConfigureAwait(false);
        return counts(key) ? new WatchedReadStream(stream, moved) : stream;
    }

    /// <inheritdoc />
    public async IAsyncEnumerable<StoredObject> ListAsync(string folder, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var item in inner.ListAsync(folder, cancellationToken).ConfigureAwait(false))
        {
            Tell(item.Key);
            yield return item;
        }
    }

    /// <inheritdoc />
    public async Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        await inner.DeleteAsync(key, cancellationToken).ConfigureAwait(false);
        Tell(key);
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private void Tell(string key)
    {
        if (counts(key))
            moved();
    }

    private sealed class WatchedReadStream(Stream stream, Action moved) : ForwardReadStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            if (read > 0)
                moved();
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
