using System.Runtime.CompilerServices;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Repository.Tests;

/// <summary>Calls back before a folder is listed.</summary>
internal sealed class WatchedStore(IObjectStore inner, Func<string, Task> listing) : IObjectStore
{
    public string Location => inner.Location;

    public Task PrepareAsync(bool create, CancellationToken cancellationToken) => inner.PrepareAsync(create, cancellationToken);

    public Task<StoredObject?> StatAsync(string key, CancellationToken cancellationToken) => inner.StatAsync(key, cancellationToken);

    public Task SaveAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        inner.SaveAsync(key, content, cancellationToken);

    public Task<Stream> OpenReadAsync(string key, long offset, long? length, CancellationToken cancellationToken) =>
        inner.OpenReadAsync(key, offset, length, cancellationToken);

    public async IAsyncEnumerable<StoredObject> ListAsync(string folder, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await listing(folder);
        await foreach (var item in inner.ListAsync(folder, cancellationToken))
            yield return item;
    }

    public Task DeleteAsync(string key, CancellationToken cancellationToken) => inner.DeleteAsync(key, cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
