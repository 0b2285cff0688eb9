using System.Runtime.CompilerServices;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Repository.Tests.Locking;

/// <summary>The world's storage as a machine sees it.</summary>
internal sealed class MachineStore(LockWorld world, LockMachine machine) : IObjectStore
{
    public string Location => "world";

    /// <summary>Whether nothing answers.</summary>
    public bool IsOutOfReach { get; set; }

    public Task PrepareAsync(bool create, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<StoredObject?> StatAsync(string key, CancellationToken cancellationToken) =>
        AskAsync(
            $"stats {Short(key)}",
            () => world.Objects.TryGetValue(key, out var content) ? new StoredObject(key, content.Length) : null,
            cancellationToken
        );

    public Task SaveAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var stored = content.ToArray();
        return AskAsync($"saves {Short(key)}", () => world.Objects[key] = stored, cancellationToken);
    }

    public async Task<Stream> OpenReadAsync(string key, long offset, long? length, CancellationToken cancellationToken)
    {
        var content = await AskAsync(
                $"reads {Short(key)}",
                () => world.Objects.TryGetValue(key, out var found) ? found : throw Error(StorageErrorKind.NotFound, key),
                cancellationToken
            )
            .ConfigureAwait(false);
        return new MemoryStream(content, (int)offset, (int)Math.Min(length ?? long.MaxValue, content.Length - offset), writable: false);
    }

    public async IAsyncEnumerable<StoredObject> ListAsync(string folder, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var found = await AskAsync(
                $"lists {folder}",
                () =>
                    world
                        .Below(folder)
                        .Order(StringComparer.Ordinal)
                        .Select(key => new StoredObject(key, world.Objects[key].Length)
                        {
                            Modified = world.Stored.TryGetValue(key, out var stored) ? stored : null,
                        })
                        .ToArray(),
                cancellationToken
            )
            .ConfigureAwait(false);
        foreach (var each in found)
            yield return each;
    }

    public Task DeleteAsync(string key, CancellationToken cancellationToken) =>
        AskAsync($"deletes {Short(key)}", () => world.Objects.Remove(key), cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private Task<T> AskAsync<T>(string what, Func<T> effect, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return machine.AskAsync(what, () => IsOutOfReach ? throw Error(StorageErrorKind.Unreachable, what) : effect());
    }

    private StorageException Error(StorageErrorKind kind, string key) => new(kind, Location, key, "On purpose.");

    private static string Short(string key) => key.Length > 16 ? key[..(key.LastIndexOf('/') + 7)] : key;
}
