using System.Security.Cryptography;
using System.Runtime.CompilerServices;

namespace KlarKonform.Backup.Storage.Caching;

/// <summary>
/// Keeps copies of small objects that never change in a second, nearer store: objects in certain folders whose name is the SHA-256 of
/// their content, in hexadecimal. A copy that does not match its name is thrown away, and whatever fails at the cache only costs the
/// time of asking the store itself: the cache can vanish at any moment. What is no longer listed at the store is dropped. Thread-safe.
/// </summary>
/// <param name="inner">The store; disposing this disposes both.</param>
/// <param name="cache">Where the copies lie.</param>
/// <param name="folders">Folders whose objects are kept.</param>
public sealed class CachingObjectStore(IObjectStore inner, IObjectStore cache, IReadOnlyCollection<string> folders) : IObjectStore
{
    /// <inheritdoc />
    public string Location => inner.Location;

    /// <inheritdoc />
    public Task PrepareAsync(bool create, CancellationToken cancellationToken) => inner.PrepareAsync(create, cancellationToken);

    /// <inheritdoc />
    public Task<StoredObject?> StatAsync(string key, CancellationToken cancellationToken) => inner.StatAsync(key, cancellationToken);

    /// <inheritdoc />
    public async Task SaveAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        await inner.SaveAsync(key, content, cancellationToken).ConfigureAwait(false);
        if (IsKept(key))
            await KeepAsync(key, content, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc />
    public async Task<Stream> OpenReadAsync(string key, long offset, long? length, CancellationToken cancellationToken)
    {
        if (!IsKept(key))
            return await inner.OpenReadAsync(key, offset, length, cancellationToken).ConfigureAwait(false);
        if (await FindAsync(key, cancellationToken).ConfigureAwait(false) is not { } content)
        {
            content = await inner.ReadAllAsync(key, cancellationToken).ConfigureAwait(false);
            if (Matches(key, content))
                await KeepAsync(key, content, cancellationToken).ConfigureAwait(false);
        }

        var start = (int)Math.Min(offset, content.Length);
        return new MemoryStream(content, start, (int)Math.Min(length ?? long.MaxValue, content.Length - start), writable: false);
    }

    /// <inheritdoc />
    public async IAsyncEnumerable<StoredObject> ListAsync(string folder, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var listed = folders.Contains(folder) ? new HashSet<string>(StringComparer.Ordinal) : null;
        await foreach (var item in inner.ListAsync(folder, cancellationToken).ConfigureAwait(false))
        {
            listed?.Add(item.Key);
            yield return item;
        }

        if (listed is not null)
            await DropOthersAsync(folder, listed, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc />
    public async Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        await inner.DeleteAsync(key, cancellationToken).ConfigureAwait(false);
        if (IsKept(key))
            await TryAsync(() => cache.DeleteAsync(key, cancellationToken)).ConfigureAwait(false);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await inner.DisposeAsync().ConfigureAwait(false);
        await cache.DisposeAsync().ConfigureAwait(false);
    }

    private bool IsKept(string key) => key.IndexOf('/', StringComparison.Ordinal) is > 0 and var slash && folders.Contains(key[..slash]);

    private async Task<byte[]?> FindAsync(string key, CancellationToken cancellationToken)
    {
        byte[]? content = null;
        await TryAsync(async () => content = await cache.ReadAllAsync(key, cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
        if (content is null || Matches(key, content))
            return content;
        await TryAsync(() => cache.DeleteAsync(key, cancellationToken)).ConfigureAwait(false);
        return null;
    }

    private Task KeepAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        TryAsync(() => cache.SaveAsync(key, content, cancellationToken));

    private Task DropOthersAsync(string folder, HashSet<string> listed, CancellationToken cancellationToken) => TryAsync(async () =>
    {
        await foreach (var item in cache.ListAsync(folder, cancellationToken).ConfigureAwait(false))
        {
            if (!listed.Contains(item.Key))
                await cache.DeleteAsync(item.Key, cancellationToken).ConfigureAwait(false);
        }
    });

    private static bool Matches(string key, byte[] content) =>
        string.Equals(Convert.ToHexString(SHA256.HashData(content)), key[(key.LastIndexOf('/') + 1)..], StringComparison.OrdinalIgnoreCase);

    private static async Task TryAsync(Func<Task> action)
    {
        try
        {
            await action().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is StorageException or IOException or UnauthorizedAccessException)
        {
            // The cache is a convenience: full, gone or not permitted, the store itself has everything.
        }
    }
}
