using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace KlarKonform.Backup.Storage.Caching;

/// <summary>
/// Keeps copies of small objects that never change in a second, nearer store: objects in certain folders whose name is the SHA-256 of their
/// content, in hexadecimal. A copy that does not match its name is discarded, and a failure of the cache only costs the time of asking the
/// store itself: the cache can vanish at any time. Copies of objects that the store no longer lists, or lists with another size, are
/// dropped. To check the store itself, use <see cref="Uncached"/>. Thread-safe.
/// </summary>
/// <param name="inner">The store; disposing this disposes both.</param>
/// <param name="cache">The store for the copies.</param>
/// <param name="folders">Folders whose objects are copied.</param>
public sealed class CachingObjectStore(IObjectStore inner, IObjectStore cache, IReadOnlyCollection<string> folders) : IObjectStore
{
    /// <summary>The store itself, without the copies. It belongs to this one and is disposed with it.</summary>
    public IObjectStore Uncached => inner;

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
        // Before an object is returned, because the caller may read it at once.
        var copies = folders.Contains(folder) ? await CopiesAsync(folder, cancellationToken).ConfigureAwait(false) : [];
        await foreach (var item in inner.ListAsync(folder, cancellationToken).ConfigureAwait(false))
        {
            if (copies.Remove(item.Key, out var size) && size != item.Size)
                await DropAsync(item.Key, cancellationToken).ConfigureAwait(false);
            yield return item;
        }

        foreach (var key in copies.Keys)
            await DropAsync(key, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc />
    public async Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        await inner.DeleteAsync(key, cancellationToken).ConfigureAwait(false);
        if (IsKept(key))
            await DropAsync(key, cancellationToken).ConfigureAwait(false);
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
        await DropAsync(key, cancellationToken).ConfigureAwait(false);
        return null;
    }

    private Task KeepAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        TryAsync(() => cache.SaveAsync(key, content, cancellationToken));

    private Task DropAsync(string key, CancellationToken cancellationToken) => TryAsync(() => cache.DeleteAsync(key, cancellationToken));

    // The copies in a folder, with their sizes in bytes.
    private async Task<Dictionary<string, long>> CopiesAsync(string folder, CancellationToken cancellationToken)
    {
        var copies = new Dictionary<string, long>(StringComparer.Ordinal);
        await TryAsync(async () =>
            {
                await foreach (var item in cache.ListAsync(folder, cancellationToken).ConfigureAwait(false))
                    copies[item.Key] = item.Size;
            })
            .ConfigureAwait(false);
        return copies;
    }

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
            // The cache is a convenience: if it is full, gone or not permitted, the store itself has everything.
        }
    }
}
