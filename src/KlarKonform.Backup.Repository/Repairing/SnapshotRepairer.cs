using System.Text.Json;
using KlarKonform.Backup.Repository.Json;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Snapshots;
using KlarKonform.Backup.Repository.Trees;
using KlarKonform.Backup.Repository.Writing;

namespace KlarKonform.Backup.Repository.Repairing;

/// <summary>
/// Makes snapshots that can be restored out of snapshots of which something is lost, as <c>restic repair snapshots</c> does: pieces that are
/// missing are left out of their files, files of which nothing is left and folders that cannot be read too, and everything else stays. The
/// snapshot before stays, unless it is to be forgotten.
/// </summary>
public sealed class SnapshotRepairer
{
    /// <summary>The tag of repaired snapshots; restic's own (cmd/restic/cmd_repair_snapshots.go).</summary>
    public const string RepairedTag = "repaired";

    private readonly ResticRepository _repository;
    private readonly RepositoryLock _lock;
    private readonly RepositoryReader _reader;
    private readonly Dictionary<BlobId, TreeDamage?> _known = [];

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

    /// <summary>Walks every tree and looks for every piece in the index.</summary>
    /// <param name="snapshots">The snapshots.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Those of which something is lost.</returns>
    public async Task<IReadOnlyList<SnapshotRepairPlan>> PlanAsync(IEnumerable<(BlobId Id, Snapshot Snapshot)> snapshots, CancellationToken cancellationToken)
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

    /// <summary>Writes the repaired snapshot, durable when the call returns. Call it under the lock that the plan was made under.</summary>
    /// <param name="plan">What is lost.</param>
    /// <param name="drop">Paths of folders that are left out altogether.</param>
    /// <param name="tags">The new snapshot's tags besides restic's own.</param>
    /// <param name="forget">Whether the snapshot before goes then.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The new snapshot.</returns>
    public async Task<BlobId> ExecuteAsync(SnapshotRepairPlan plan, IReadOnlyCollection<string> drop, IEnumerable<string> tags, bool forget, CancellationToken cancellationToken)
    {
        using var alive = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _lock.Lost);
        BlobId root;
        await using (var writer = new RepositoryWriter(_repository, new WriterOptions { Held = _lock }))
        {
            root = await RewriteAsync(plan.Snapshot.Root, plan.Damage, "", drop, writer, alive.Token).ConfigureAwait(false);
            await writer.FlushAsync(alive.Token).ConfigureAwait(false);
        }

        await _lock.ThrowIfLostAsync().ConfigureAwait(false);
        var original = JsonSerializer.SerializeToElement(plan.Id.ToString());
        var repaired = await _lock.SaveSnapshotAsync(plan.Snapshot with
        {
            // A moment later than what it continues: whoever keeps the newest of a day keeps this one.
            Time = NanoTime.From(plan.Snapshot.Taken.AddMilliseconds(1)).ToString(),
            Parent = plan.Id.ToString(),
            Tree = root.ToString(),
            Tags = [.. tags, RepairedTag],
            Other = new Dictionary<string, JsonElement>(plan.Snapshot.Other ?? new Dictionary<string, JsonElement>()) { ["original"] = original },
        }, alive.Token).ConfigureAwait(false);
        if (forget)
            await new GuardedRemoval(_repository, _lock).RemoveAsync(RepositoryFile.Snapshot, plan.Id, alive.Token).ConfigureAwait(false);
        return repaired;
    }

    // Null for a tree that is sound with everything below it.
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

        var (files, folders) = (new List<string>(), new Dictionary<string, TreeDamage>());
        foreach (var node in nodes)
        {
            if (node.Subtree is { } subtree && await DamageAsync(subtree, cancellationToken).ConfigureAwait(false) is { } damage)
                folders[node.Name] = damage;
            else if (node.Content?.Any(IsLost) == true)
                files.Add(node.Name);
        }

        return _known[tree] = files.Count + folders.Count == 0 ? null : new TreeDamage { Files = files, Folders = folders };
    }

    private async Task<BlobId> RewriteAsync(
        BlobId tree, TreeDamage? damage, string path, IReadOnlyCollection<string> drop, RepositoryWriter writer, CancellationToken cancellationToken)
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
            if (node.Subtree is { } subtree && (below is not null || drop.Any(each => each.StartsWith(own + "/", StringComparison.Ordinal))))
                nodes.Add(node with { Subtree = await RewriteAsync(subtree, below, own, drop, writer, cancellationToken).ConfigureAwait(false) });
            else if (damage?.Files.Contains(node.Name) != true)
                nodes.Add(node);
            else if (WithoutLost(node) is { Size: > 0 } left)
                nodes.Add(left);
        }

        return await writer.SaveTreeAsync(nodes, cancellationToken).ConfigureAwait(false);
    }

    private Node WithoutLost(Node file)
    {
        var left = file.Content!.Where(blob => !IsLost(blob)).ToArray();
        return file with { Content = left, Size = (ulong)left.Sum(blob => _repository.Index.TryFind(BlobHandle.Data(blob), out _, out var place) ? place.PlainLength : 0L) };
    }

    private bool IsLost(BlobId blob) => !_repository.Index.Contains(BlobHandle.Data(blob));
}
