using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Repository.Tests;

/// <summary>
/// Before a certain change to something other than a lock the machine is suspended, and others do as they like: the change follows when it
/// wakes up.
/// </summary>
internal sealed class PausedStore(IObjectStore inner, int change, Func<Task> others) : IObjectStore
{
    private int _changes = -1;

    /// <summary>Whether such a change occurred.</summary>
    public bool HasPaused => _changes >= change;

    public string Location => inner.Location;

    public Task PrepareAsync(bool create, CancellationToken cancellationToken) => inner.PrepareAsync(create, cancellationToken);

    public Task<StoredObject?> StatAsync(string key, CancellationToken cancellationToken) => inner.StatAsync(key, cancellationToken);

    public async Task SaveAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        await PauseAsync(key);
        await inner.SaveAsync(key, content, CancellationToken.None);
    }

    public Task<Stream> OpenReadAsync(string key, long offset, long? length, CancellationToken cancellationToken) =>
        inner.OpenReadAsync(key, offset, length, cancellationToken);

    public IAsyncEnumerable<StoredObject> ListAsync(string folder, CancellationToken cancellationToken) =>
        inner.ListAsync(folder, cancellationToken);

    public async Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        await PauseAsync(key);
        await inner.DeleteAsync(key, CancellationToken.None);
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private Task PauseAsync(string key) =>
        !key.StartsWith("locks/", StringComparison.Ordinal) && Interlocked.Increment(ref _changes) == change
            ? others()
            : Task.CompletedTask;
}
