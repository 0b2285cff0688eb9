using System.Text.Json;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Json;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Snapshots;
using KlarKonform.Backup.Repository.Trees;
using KlarKonform.Backup.Repository.Writing;

namespace KlarKonform.Backup.Repository.Repairing;

/// <summary>
/// Makes restorable snapshots from snapshots that have lost something, as <c>restic repair snapshots</c> does: missing chunks are left out
/// of their files, files of which nothing is left and unreadable folders are left out too, and everything else stays. The original snapshot
/// stays, unless it is to be forgotten. Only what cannot be read anywhere is lost: what is only in retired packs is stored again.
/// </summary>
public sealed class SnapshotRepairer
{
    /// <summary>The tag of repaired snapshots; restic's own (cmd/restic/cmd_repair_snapshots.go).</summary>
    public const string RepairedTag = "repaired";

    private readonly ResticRepository _repository;
    private readonly RepositoryLock _lock;
    private readonly RepositoryReader _reader;
    private readonly Dictionary<BlobId, TreeDamage?> _known = [];

    // File chunks that the index does not list, and whether they can be read nevertheless.
    private readonly Dictionary<BlobId, bool> _retiredPieces = [];
    private readonly HashSet<BlobHandle> _toRecover = [];

    /// <summary>Works on an opened repository whose index is loaded, under an exclusive lock. Used once.</summary>
    /// <exception cref="ArgumentException">The lock is shared.</exception>
    public SnapshotRepairer(ResticRepository repository, RepositoryLock exclusive)
    {
        if (!exclusive.IsExclusive)
            throw new ArgumentException("Repairing needs an exclusive lock.", nameof(exclusive));
        _repository = repository;
        _lock = exclusive;
        _reader = new RepositoryReader(repository);
    }

    /// <summary>Walks every tree and looks for every chunk in the index, and if it is not there, in retired packs.</summary>
    /// <param name="snapshots">The snapshots.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>Those of which something is lost.</returns>
    public async Task<IReadOnlyList<SnapshotRepairPlan>> PlanAsync(
        IEnumerable<StoredSnapshot> snapshots,
        CancellationToken cancellationToken
    )
    {
        using var alive = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _lock.Lost);
        var plans = new List<SnapshotRepairPlan>();
        foreach (var (id, snapshot) in snapshots)
        {
            if (await DamageAsync(snapshot.Root, alive.Token).ConfigureAwait(false) is { } damage)
                plans.Add(new SnapshotRepairPlan(id, snapshot, [.. damage.Paths("")]) { Damage = damage });
        }

        return plans;
    }

    /// <summary>
    /// Stores again what snapshots of the plan need and only retired packs contain, because other programs ignore those, and a prune
    /// deletes them in the end. Call it after <see cref="PlanAsync"/>, under the same lock; <see cref="ExecuteAsync"/> begins with it.
    /// </summary>
    /// <returns>How many trees and chunks were recovered.</returns>
    public async Task<int> RecoverAsync(CancellationToken cancellationToken)
    {
        if (_toRecover.Count == 0)
            return 0;
        using var alive = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _lock.Lost);
        await using (var writer = new RepositoryWriter(_repository, new WriterOptions { Held = _lock }))
        {
            foreach (var blob in _toRecover)
                await writer
                    .SaveBlobAsync(blob.Kind, await _reader.ReadBlobAsync(blob, alive.Token).ConfigureAwait(false), alive.Token)
                    .ConfigureAwait(false);
            await writer.FlushAsync(alive.Token).ConfigureAwait(false);
        }

        var recovered = _toRecover.Count;
        _toRecover.Clear();
        return recovered;
    }

    /// <summary>
    /// Writes the repaired snapshot, which is durable when the call returns. Call it under the lock under which the plan was made.
    /// </summary>
    /// <param name="plan">What is lost.</param>
    /// <param name="drop">Paths of folders to leave out completely.</param>
    /// <param name="tags">Tags of the new snapshot in addition to restic's.</param>
    /// <param name="forget">Whether to remove the original snapshot afterwards.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The new snapshot.</returns>
    public async Task<BlobId> ExecuteAsync(
        SnapshotRepairPlan plan,
        IReadOnlyCollection<string> drop,
        IEnumerable<string> tags,
        bool forget,
        CancellationToken cancellationToken
    )
    {
        using var alive = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _lock.Lost);
        await RecoverAsync(alive.Token).ConfigureAwait(false);
        BlobId root;
        await using (var writer = new RepositoryWriter(_repository, new WriterOptions { Held = _lock }))
        {
            root = await RewriteAsync(plan.Snapshot.Root, plan.Damage, "", drop, writer, alive.Token).ConfigureAwait(false);
            await writer.FlushAsync(alive.Token).ConfigureAwait(false);
        }

        await _lock.ThrowIfLostAsync().ConfigureAwait(false);
        var original = JsonSerializer.SerializeToElement(plan.Id.ToString());
        var repaired = await _lock
            .SaveSnapshotAsync(
                plan.Snapshot with
                {
                    // A moment later than the original: a rule that keeps the newest of a day keeps this one.
                    Time = NanoTime.From(plan.Snapshot.Taken.AddMilliseconds(1)).ToString(),
                    Parent = plan.Id.ToString(),
                    Tree = root.ToString(),
                    Tags = [.. tags, RepairedTag],
                    Other = new Dictionary<string, JsonElement>(plan.Snapshot.Other ?? new Dictionary<string, JsonElement>())
                    {
                        ["original"] = original,
                    },
                },
                alive.Token
            )
            .ConfigureAwait(false);
        if (forget)
            await new GuardedRemoval(_repository, _lock).RemoveAsync(RepositoryFile.Snapshot, plan.Id, alive.Token).ConfigureAwait(false);
        return repaired;
    }

    // Null for a tree that is intact with everything below it.
    private async Task<TreeDamage?> DamageAsync(BlobId tree, CancellationToken cancellationToken)
    {
        if (_known.TryGetValue(tree, out var known))
            return known;
        List<Node> nodes;
        try
        {
            nodes = await _reader.ReadTreeAsync(tree, cancellationToken).ConfigureAwait(false);
        }
        catch (RepositoryException)
        {
            return _known[tree] = new TreeDamage { IsUnreadable = true };
        }

        if (!_repository.Index.Blobs.Contains(BlobHandle.Tree(tree)))
            _toRecover.Add(BlobHandle.Tree(tree));
        var (files, folders) = (new List<string>(), new Dictionary<string, TreeDamage>());
        foreach (var node in nodes)
        {
            if (node.Subtree is { } subtree && await DamageAsync(subtree, cancellationToken).ConfigureAwait(false) is { } damage)
                folders[node.Name] = damage;
            else if (
                node.Content is { } content
                && (await ReadableAsync(content, cancellationToken).ConfigureAwait(false)).Count < content.Count
            )
                files.Add(node.Name);
        }

        return _known[tree] = files.Count + folders.Count == 0 ? null : new TreeDamage { Files = files, Folders = folders };
    }

    private async Task<BlobId> RewriteAsync(
        BlobId tree,
        TreeDamage? damage,
        string path,
        IReadOnlyCollection<string> drop,
        RepositoryWriter writer,
        CancellationToken cancellationToken
    )
    {
        if (damage?.IsUnreadable == true)
            return await writer.SaveTreeAsync([], cancellationToken).ConfigureAwait(false);
        var nodes = new List<Node>();
        foreach (var node in await _reader.ReadTreeAsync(tree, cancellationToken).ConfigureAwait(false))
        {
            var own = $"{path}/{node.Name}";
            if (drop.Contains(own))
                continue;
            var below = damage?.Folders.GetValueOrDefault(node.Name);
            if (
                node.Subtree is { } subtree
                && (below is not null || drop.Any(each => each.StartsWith(own + "/", StringComparison.Ordinal)))
            )
                nodes.Add(
                    node with
                    {
                        Subtree = await RewriteAsync(subtree, below, own, drop, writer, cancellationToken).ConfigureAwait(false),
                    }
                );
            else if (damage?.Files.Contains(node.Name) != true)
                nodes.Add(node);
            else if (await WithoutLostAsync(node, cancellationToken).ConfigureAwait(false) is { Size: > 0 } left)
                nodes.Add(left);
        }

        return await writer.SaveTreeAsync(nodes, cancellationToken).ConfigureAwait(false);
    }

    private async Task<Node> WithoutLostAsync(Node file, CancellationToken cancellationToken)
    {
        var left = await ReadableAsync(file.Content!, cancellationToken).ConfigureAwait(false);
        return file with
        {
            Content = left,
            Size = (ulong)
                left.Sum(blob => _repository.Index.Blobs.TryFind(BlobHandle.Data(blob), out _, out var place) ? place.PlainLength : 0L),
        };
    }

    private async Task<IReadOnlyList<BlobId>> ReadableAsync(IEnumerable<BlobId> pieces, CancellationToken cancellationToken)
    {
        var readable = new List<BlobId>();
        foreach (var piece in pieces)
        {
            if (
                _repository.Index.Blobs.Contains(BlobHandle.Data(piece))
                || await IsReadableAsync(piece, cancellationToken).ConfigureAwait(false)
            )
                readable.Add(piece);
        }

        return readable;
    }

    // The index promises nothing about what is only in retired packs: so it is read.
    private async Task<bool> IsReadableAsync(BlobId piece, CancellationToken cancellationToken)
    {
        if (_retiredPieces.TryGetValue(piece, out var known))
            return known;
        var blob = BlobHandle.Data(piece);
        var isReadable = false;
        foreach (var (pack, place) in _repository.Index.Blobs.FindAll(blob))
        {
            if (isReadable = await _reader.TryReadAsync(pack, place, cancellationToken).ConfigureAwait(false) is not null)
                break;
        }

        if (isReadable)
            _toRecover.Add(blob);
        return _retiredPieces[piece] = isReadable;
    }
}
