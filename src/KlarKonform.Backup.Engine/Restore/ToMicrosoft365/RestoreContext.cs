using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using KlarKonform.Backup.Engine.Browsing;
using KlarKonform.Backup.Engine.Connections;
using KlarKonform.Backup.Graph.Http;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Engine.Restore.ToMicrosoft365;

/// <summary>What all restorers of a restore share. Thread-safe.</summary>
internal sealed class RestoreContext(RepositoryReader reader, GraphClient client, RestoreRequest request, TimeProvider time)
{
    // Bytes of content in memory at a time, across all mailboxes.
    private const long BytesInFlight = 256L << 20;

    private readonly ConcurrentDictionary<(long, long), bool> _written = new();
    private readonly ConcurrentDictionary<(long, long), bool> _versions = new();
    private readonly ByteBudget _budget = new(BytesInFlight);

    /// <summary>Distinguishes this restore's requests from those of another one.</summary>
    public Guid Id { get; } = Guid.NewGuid();

    public GraphClient Client => client;

    /// <summary>Pauses between attempts.</summary>
    public TimeProvider Time => time;

    public RestoreRequest Request => request;

    public CloudRestore Cloud => request.Cloud!;

    public RepositoryReader Reader => reader;

    /// <summary>
    /// Claims an item's place. The same version of it, reached by another path or from another snapshot, is the same item and is written
    /// once; of several versions the first is written, unless all are to be restored next to each other.
    /// </summary>
    /// <param name="place">The target folder, and the item's name if the folder distinguishes items by name.</param>
    /// <param name="item">The item.</param>
    public Claim TakePlace(string place, RestoreItem item)
    {
        var id = item.Id.Length > 0 ? item.Id : item.Entry.Path;
        var content = string.Join(' ', item.Entry.Node.Content ?? []);
        if (!_written.TryAdd(Key($"{place}\0{id}\0{content}"), true))
            return Claim.Same;
        var version = Key($"{place}\0{id}");
        if (_versions.TryAdd(version, true))
            item.Released = () => _versions.TryRemove(version, out _);
        else if (Request.Conflict != RestoreConflict.Rename)
            return Claim.OtherVersion;
        return Claim.First;
    }

    /// <summary>The row of an item whose place is taken by another version.</summary>
    public static RestoredItem OtherVersion(RestoreItem item, string place) =>
        new(item.Entry.Path, place, (long)item.Entry.Node.Size, RestoreOutcomes.Skipped) { Detail = Texts.Get("RestoreOtherVersion") };

    /// <summary>Waits until content of this size may be held in memory; parsing and rewriting it takes several times as much.</summary>
    public Task<IDisposable> TakeAsync(long size, CancellationToken cancellationToken) =>
        _budget.TakeAsync(Math.Max(size, 4096) * 4, cancellationToken);

    /// <summary>A file's complete content.</summary>
    public Task<byte[]> ReadAsync(Node node, CancellationToken cancellationToken) => reader.ReadContentAsync(node, cancellationToken);

    /// <summary>A file next to an entry, or null.</summary>
    public async Task<Node?> BesideAsync(SnapshotEntry entry, string name, CancellationToken cancellationToken) =>
        entry.Parent?.Node.Subtree is { } folder
            ? (await reader.ReadTreeAsync(folder, cancellationToken)).FirstOrDefault(node => node.Name == name)
            : null;

    private static (long, long) Key(string text)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(text));
        return (BitConverter.ToInt64(hash, 0), BitConverter.ToInt64(hash, 8));
    }

    /// <summary>What an item finds in its place.</summary>
    internal enum Claim
    {
        /// <summary>Nothing from this restore: the item is to be written.</summary>
        First,

        /// <summary>The same version of itself.</summary>
        Same,

        /// <summary>Another version of itself.</summary>
        OtherVersion,
    }
}
