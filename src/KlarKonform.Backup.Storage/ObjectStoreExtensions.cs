using System.Runtime.InteropServices;

namespace KlarKonform.Backup.Storage;

/// <summary>Reads small objects completely.</summary>
public static class ObjectStoreExtensions
{
    /// <summary>An object's complete content. For small objects: it is held in memory.</summary>
    /// <exception cref="StorageException">As in <see cref="IObjectStore.OpenReadAsync"/>.</exception>
    public static async Task<byte[]> ReadAllAsync(this IObjectStore store, string key, CancellationToken cancellationToken)
    {
        await using var stream = await store.OpenReadAsync(key, 0, null, cancellationToken).ConfigureAwait(false);
        using var memory = new MemoryStream();
        await stream.CopyToAsync(memory, cancellationToken).ConfigureAwait(false);
        return memory.ToArray();
    }

    /// <summary>Bytes as a stream, for libraries that accept nothing else; without a copy if the bytes are in an array.</summary>
    internal static MemoryStream AsStream(this ReadOnlyMemory<byte> content) =>
        MemoryMarshal.TryGetArray(content, out var array)
            ? new MemoryStream(array.Array!, array.Offset, array.Count, writable: false)
            : new MemoryStream(content.ToArray(), writable: false);
}
