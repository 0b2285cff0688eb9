using System.Runtime.CompilerServices;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Repository.Tests;

/// <summary>A store whose listings leave things out, and that reports to the test what is done to it.</summary>
internal sealed class LyingStore(IObjectStore inner) : IObjectStore
{
    /// <summary>Whether a listing shows an object.</summary>
    public Func<StoredObject, bool> Shows { get; init; } = _ => true;

    /// <summary>Called before a folder is listed.</summary>
    public Action<string> Listing { get; set; } = _ => { };

    /// <summary>Called before an object is deleted.</summary>
    public Action<string> Deleting { get; set; } = _ => { };

    public string Location => inner.Location;

    public Task PrepareAsync(bool create, CancellationToken cancellationToken) => inner.PrepareAsync(create, cancellationToken);

    public Task<StoredObject?> StatAsync(string key, CancellationToken cancellationToken) => inner.StatAsync(key, cancellationToken);

    public Task SaveAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        inner.SaveAsync(key, content, cancellationToken);

    public Task<Stream> OpenReadAsync(string key, long offset, long? length, CancellationToken cancellationToken) =>
        inner.OpenReadAsync(key, offset, length, cancellationToken);

    public async IAsyncEnumerable<StoredObject> ListAsync(string folder, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Listing(folder);
        await foreach (var item in inner.ListAsync(folder, cancellationToken))
        {
            if (Shows(item))
                yield return item;
        }
    }

    public Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        Deleting(key);
        return inner.DeleteAsync(key, cancellationToken);
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
