using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Repository.Tests;

/// <summary>Works for this many changes, then every change fails: what a pulled plug looks like from above.</summary>
internal sealed class CutStore(IObjectStore inner, int changes) : IObjectStore
{
    private int _left = changes;

    public string Location => inner.Location;

    public Task PrepareAsync(bool create, CancellationToken cancellationToken) => inner.PrepareAsync(create, cancellationToken);

    public Task<StoredObject?> StatAsync(string key, CancellationToken cancellationToken) => inner.StatAsync(key, cancellationToken);

    public Task SaveAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        Cut(key) ?? inner.SaveAsync(key, content, cancellationToken);

    public Task<Stream> OpenReadAsync(string key, long offset, long? length, CancellationToken cancellationToken) =>
        inner.OpenReadAsync(key, offset, length, cancellationToken);

    public IAsyncEnumerable<StoredObject> ListAsync(string folder, CancellationToken cancellationToken) =>
        inner.ListAsync(folder, cancellationToken);

    public Task DeleteAsync(string key, CancellationToken cancellationToken) => Cut(key) ?? inner.DeleteAsync(key, cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private Task? Cut(string key) =>
        Interlocked.Decrement(ref _left) < 0
            ? Task.FromException(new StorageException(StorageErrorKind.Other, Location, key, "The plug was pulled on purpose."))
            : null;
}
