using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace KlarKonform.Backup.Storage.Memory;

/// <summary>Objects in memory, for tests and experiments: lost when the process ends. Thread-safe.</summary>
/// <param name="capacity">Capacity in bytes; more is <see cref="StorageErrorKind.Full"/>.</param>
public sealed class MemoryObjectStore(long capacity = long.MaxValue) : IObjectStore
{
    private readonly ConcurrentDictionary<string, byte[]> _objects = new(StringComparer.Ordinal);
    private readonly object _gate = new();
    private long _used;

    /// <inheritdoc />
    public string Location => "memory";

    /// <inheritdoc />
    public Task PrepareAsync(bool create, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc />
    public Task<StoredObject?> StatAsync(string key, CancellationToken cancellationToken) =>
        Task.FromResult(_objects.TryGetValue(key, out var content) ? new StoredObject(key, content.Length) : null);

    /// <inheritdoc />
    public Task SaveAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            var change = content.Length - (_objects.TryGetValue(key, out var old) ? old.Length : 0);
            if (_used + change > capacity)
                throw new StorageException(StorageErrorKind.Full, Location, key, $"No more than {capacity} bytes fit.");
            _objects[key] = content.ToArray();
            _used += change;
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task<Stream> OpenReadAsync(string key, long offset, long? length, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!_objects.TryGetValue(key, out var content))
            throw new StorageException(StorageErrorKind.NotFound, Location, key, $"There is no object '{key}'.");
        var start = (int)Math.Min(offset, content.Length);
        var count = (int)Math.Min(length ?? long.MaxValue, content.Length - start);
        return Task.FromResult<Stream>(new MemoryStream(content, start, count, writable: false));
    }

    /// <inheritdoc />
    public async IAsyncEnumerable<StoredObject> ListAsync(string folder, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        foreach (var (key, content) in _objects)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (key.StartsWith(ObjectKeys.Below(folder, ""), StringComparison.Ordinal))
                yield return new StoredObject(key, content.Length);
        }
    }

    /// <inheritdoc />
    public Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_objects.TryRemove(key, out var old))
                _used -= old.Length;
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
