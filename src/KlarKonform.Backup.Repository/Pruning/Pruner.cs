using KlarKonform.Backup.Repository.Index;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Packs;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Writing;

namespace KlarKonform.Backup.Repository.Pruning;

/// <summary>
/// Removes snapshots and what only they needed. The order makes a cut at any moment harmless: forget → repack → new index → old
/// indexes go → old packs go. Nothing is deleted before its replacement is durable.
/// </summary>
public sealed class Pruner
{
    // restic's default: a pack may waste so much before it is worth writing the rest anew.
    private const double MaxUnusedShare = 0.05;

    private readonly ResticRepository _repository;
    private readonly RepositoryLock _lock;
    private readonly WriterOptions? _options;

    /// <summary>Works on an opened repository of version 2.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="exclusive">The exclusive lock: while others write, nobody can tell what is unused.</param>
    /// <param name="options">How what stays is packed anew.</param>
    /// <exception cref="ArgumentException">The lock is shared.</exception>
    public Pruner(ResticRepository repository, RepositoryLock exclusive, WriterOptions? options = null)
    {
        if (!exclusive.IsExclusive)
            throw new ArgumentException("Pruning needs an exclusive lock.", nameof(exclusive));
        _repository = repository;
        _lock = exclusive;
        _options = options;
    }

    /// <summary>Computes what goes when these snapshots go. Reads every tree of the remaining ones.</summary>
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.Missing"/> or <see cref="RepositoryErrorKind.Damaged"/>: something that is
    /// needed cannot be read; nothing may be removed from such a repository.</exception>
    public async Task<PrunePlan> PlanAsync(IReadOnlyCollection<BlobId> forget, CancellationToken cancellationToken)
    {
        await _repository.LoadIndexAsync(cancellationToken).ConfigureAwait(false);
        var needed = await NeededAsync(forget.ToHashSet(), cancellationToken).ConfigureAwait(false);
        var stored = new Dictionary<BlobId, long>();
        await foreach (var item in _repository.Store.ListAsync(RepositoryLayout.Folder(RepositoryFile.Data), cancellationToken).ConfigureAwait(false))
        {
            if (BlobId.TryParse(item.Name, out var id))
                stored[id] = item.Size;
        }

        var indexes = new Dictionary<BlobId, IReadOnlyCollection<BlobId>>();
        var packs = new Dictionary<BlobId, IReadOnlyList<PackedBlob>>();
        var metadata = new HashSet<BlobId>();
        await foreach (var (id, file) in _repository.IndexFilesAsync(cancellationToken).ConfigureAwait(false))
        {
            indexes[id] = [.. file.Select(each => each.Pack)];
            foreach (var (pack, blobs) in file)
                packs[pack] = blobs;
            var apart = PackContents.AreMetadata(file);
            metadata.UnionWith(file.SelectMany(pack => pack.Blobs).Where(blob => apart || blob.Kind == BlobKind.Tree).Select(blob => blob.Id));
        }

        return Decide(forget, needed, stored, packs, indexes) with { Metadata = metadata };
    }

    /// <summary>Carries a plan out. Call it under the lock that the plan was made under.</summary>
    public async Task ExecuteAsync(PrunePlan plan, CancellationToken cancellationToken)
    {
        using var alive = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _lock.Lost);
        foreach (var snapshot in plan.Forget)
            await DeleteAsync(RepositoryFile.Snapshot, snapshot, alive.Token).ConfigureAwait(false);

        await RepackAsync(plan, alive.Token).ConfigureAwait(false);
        var kept = plan.Kept.Select(pack => new PackContents(pack.Key, pack.Value)).ToLookup(pack => plan.Metadata.Contains(pack.Blobs[0].Id));
        await _repository.WriteIndexAsync(kept[false], alive.Token, held: _lock).ConfigureAwait(false);
        await _repository.WriteIndexAsync(kept[true], alive.Token, ResticRepository.MetadataBlobsPerIndex, _lock).ConfigureAwait(false);
        foreach (var (index, packs) in plan.OldIndexes)
            await new GuardedRemoval(_repository, _lock).RemoveIndexAsync(index, packs, alive.Token).ConfigureAwait(false);
        foreach (var pack in plan.Repack.Concat(plan.Delete))
            await DeleteAsync(RepositoryFile.Data, pack, alive.Token).ConfigureAwait(false);
        await _repository.LoadIndexAsync(alive.Token).ConfigureAwait(false);
    }

    private async Task<HashSet<BlobId>> NeededAsync(HashSet<BlobId> forget, CancellationToken cancellationToken)
    {
        var reader = new RepositoryReader(_repository);
        var needed = new HashSet<BlobId>();
        var pending = new Stack<BlobId>();
        await foreach (var (id, snapshot) in _repository.SnapshotsAsync(cancellationToken).ConfigureAwait(false))
        {
            if (!forget.Contains(id))
                pending.Push(snapshot.Root);
        }

        while (pending.TryPop(out var tree))
        {
            if (!needed.Add(tree))
                continue;
            foreach (var node in await reader.ReadTreeAsync(tree, cancellationToken).ConfigureAwait(false))
            {
                if (node.Subtree is { } subtree)
                    pending.Push(subtree);
                needed.UnionWith(node.Content ?? []);
            }
        }

        return needed;
    }

    private static PrunePlan Decide(IReadOnlyCollection<BlobId> forget, HashSet<BlobId> needed, Dictionary<BlobId, long> stored, Dictionary<BlobId, IReadOnlyList<PackedBlob>> packs, Dictionary<BlobId, IReadOnlyCollection<BlobId>> indexes)
    {
        // A blob that lies in several packs is needed once: the pack with the largest needed share keeps it.
        var missing = new HashSet<BlobId>(needed);
        var (kept, repack, delete, moved) = (new Dictionary<BlobId, IReadOnlyList<PackedBlob>>(), new List<BlobId>(), new List<BlobId>(), new List<PackedBlob>());
        foreach (var (pack, blobs) in packs.OrderByDescending(pair => Share(pair.Value, needed)))
        {
            if (!stored.ContainsKey(pack))
                continue; // Absent at the storage: it may drop out of the index, unless something needs it.
            var used = blobs.Where(blob => missing.Contains(blob.Id)).ToArray();
            if (used.Length == 0)
            {
                delete.Add(pack);
            }
            else if (1 - Share(blobs, [.. used.Select(blob => blob.Id)]) > MaxUnusedShare || blobs.Select(blob => blob.Kind).Distinct().Count() > 1)
            {
                repack.Add(pack);
                moved.AddRange(used);
            }
            else
            {
                kept.Add(pack, blobs);
            }

            missing.ExceptWith(used.Select(blob => blob.Id));
        }

        if (missing.Count > 0)
            throw new RepositoryException(RepositoryErrorKind.Missing, $"{missing.Count} blobs that snapshots need are in no pack, for example {missing.First()}. Nothing was removed.");
        delete.AddRange(stored.Keys.Where(pack => !packs.ContainsKey(pack)));
        return new PrunePlan
        {
            Forget = [.. forget],
            Delete = delete,
            Repack = repack,
            BytesRemoved = delete.Concat(repack).Sum(pack => stored[pack]),
            BytesRepacked = moved.Sum(blob => (long)blob.Length),
            Kept = kept,
            Moved = moved,
            OldIndexes = indexes,
        };
    }

    private async Task RepackAsync(PrunePlan plan, CancellationToken cancellationToken)
    {
        var reader = new RepositoryReader(_repository);
        var source = _repository.Index;

        // The writer stores what its index does not know: it gets one that knows the packs that stay, and no more.
        var target = new MasterIndex();
        foreach (var (pack, blobs) in plan.Kept)
            target.Add(pack, blobs);
        await using var writer = new RepositoryWriter(_repository, target, (_options ?? new WriterOptions()) with { Held = _lock });
        foreach (var blob in plan.Moved)
        {
            var plain = await reader.ReadBlobAsync(blob.Id, source, cancellationToken).ConfigureAwait(false);
            await writer.SaveBlobAsync(blob.Kind, plain, plan.Metadata.Contains(blob.Id), cancellationToken).ConfigureAwait(false);
        }

        await writer.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private Task DeleteAsync(RepositoryFile kind, BlobId id, CancellationToken cancellationToken) =>
        new GuardedRemoval(_repository, _lock).RemoveAsync(kind, id, cancellationToken);

    private static double Share(IReadOnlyList<PackedBlob> blobs, HashSet<BlobId> needed)
    {
        long all = 0, used = 0;
        foreach (var blob in blobs)
        {
            all += blob.Length;
            used += needed.Contains(blob.Id) ? blob.Length : 0;
        }

        return all == 0 ? 0 : (double)used / all;
    }
}
