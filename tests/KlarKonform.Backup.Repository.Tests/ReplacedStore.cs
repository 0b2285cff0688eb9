using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Repository.Tests;

/// <summary>Something happens between the listing and the reading of a certain file.</summary>
internal sealed class ReplacedStore(IObjectStore inner, string name, Action happens) : IObjectStore
{
    public string Location => inner.Location;

    public Task PrepareAsync(bool create, CancellationToken cancellationToken) => inner.PrepareAsync(create, cancellationToken);

    public Task<StoredObject?> StatAsync(string key, CancellationToken cancellationToken) => inner.StatAsync(key, cancellationToken);

    public Task SaveAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        inner.SaveAsync(key, content, cancellationToken);

    public Task<Stream> OpenReadAsync(string key, long offset, long? length, CancellationToken cancellationToken)
    {
        if (key.EndsWith(name, StringComparison.Ordinal))
            happens();
        return inner.OpenReadAsync(key, offset, length, cancellationToken);
    }

    public IAsyncEnumerable<StoredObject> ListAsync(string folder, CancellationToken cancellationToken) =>
        inner.ListAsync(folder, cancellationToken);

    public Task DeleteAsync(string key, CancellationToken cancellationToken) => inner.DeleteAsync(key, cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
