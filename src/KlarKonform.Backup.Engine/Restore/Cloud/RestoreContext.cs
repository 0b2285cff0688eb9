using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using KlarKonform.Backup.Engine.Browsing;
using KlarKonform.Backup.Engine.Runs;
using KlarKonform.Backup.Graph.Http;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Engine.Restore.Cloud;

/// <summary>What all restorers of a restore share. Thread-safe.</summary>
internal sealed class RestoreContext(RepositoryReader reader, GraphClient client, RestoreRequest request)
{
    // Contents in memory at a time, whatever mailboxes they go to.
    private const long BytesInFlight = 256L << 20;

    private readonly ConcurrentDictionary<(long, long), bool> _written = new();
    private readonly ByteBudget _budget = new(BytesInFlight);

    /// <summary>Tells this restore's requests from those of another one.</summary>
    public Guid Id { get; } = Guid.NewGuid();

    public GraphClient Client => client;

    public RestoreRequest Request => request;

    public CloudRestore Cloud => request.Cloud!;

    public RepositoryReader Reader => reader;

    /// <summary>
    /// Whether an item is the first of its kind to go to a place: the same version of it that comes by another path or out of another
    /// snapshot is the same item, and is written once.
    /// </summary>
    /// <param name="place">The folder that it goes to, and its name where the folder tells items by names.</param>
    /// <param name="item">The item.</param>
    public bool IsFirst(string place, RestoreItem item)
    {
        var id = item.Id.Length > 0 ? item.Id : item.Entry.Path;
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{place}\0{id}\0{string.Join(' ', item.Entry.Node.Content ?? [])}"));
        return _written.TryAdd((BitConverter.ToInt64(hash, 0), BitConverter.ToInt64(hash, 8)), true);
    }

    /// <summary>Waits until a content of a size may be held; parsing and writing it anew takes some times as much.</summary>
    public Task<IDisposable> TakeAsync(long size, CancellationToken cancellationToken) => _budget.TakeAsync(Math.Max(size, 4096) * 4, cancellationToken);

    /// <summary>A file's whole content.</summary>
    public Task<byte[]> ReadAsync(Node node, CancellationToken cancellationToken) => reader.ReadContentAsync(node, cancellationToken);

    /// <summary>A file that lies beside an entry, or null.</summary>
    public async Task<Node?> BesideAsync(SnapshotEntry entry, string name, CancellationToken cancellationToken) =>
        entry.Parent?.Node.Subtree is { } folder ? (await reader.ReadTreeAsync(folder, cancellationToken).ConfigureAwait(false)).FirstOrDefault(node => node.Name == name) : null;
}
