using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Index;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Writing;

namespace KlarKonform.Backup.Repository.Pruning;

/// <summary>
/// Removes snapshots and what only they needed. The order makes an interruption at any time harmless: forget → repack → new index → old
/// indexes are removed → packs are deleted. Nothing is deleted before its replacement is durable, and a pack only if an earlier prune, most
/// of a day before, has already found that nothing needs it (<see cref="PruneOptions.KeepRetired"/>). Listings only prove what exists: the
/// caller says which snapshots stay, and a listing that lacks one of them ends the prune.
/// </summary>
public sealed class Pruner
{
    private readonly ResticRepository _repository;
    private readonly RepositoryLock _lock;
    private readonly TimeProvider _time;
    private readonly PruneOptions _options;

    /// <summary>Works on an opened repository of version 2.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="exclusive">The exclusive lock: while others write, it is unknown what is unused.</param>
    /// <param name="time">Clock for the times at which packs are retired.</param>
    /// <param name="options">Options; null for the defaults of <see cref="PruneOptions"/>.</param>
    /// <exception cref="ArgumentException">The lock is shared.</exception>
    public Pruner(ResticRepository repository, RepositoryLock exclusive, TimeProvider time, PruneOptions? options = null)
    {
        if (!exclusive.IsExclusive)
            throw new ArgumentException("Pruning needs an exclusive lock.", nameof(exclusive));
        _repository = repository;
        _lock = exclusive;
        _time = time;
        _options = options ?? new PruneOptions();
    }

    /// <summary>
    /// Computes what would be removed together with these snapshots. Reads every tree of the remaining ones, and what they need from
    /// retired packs.
    /// </summary>
    /// <param name="forget">Snapshots to remove.</param>
    /// <param name="keep">Snapshots to keep, of all configurations: all that were listed when the removal was decided. Other existing ones
    /// stay too.</param>
    /// <param name="cancellationToken">Cancels the planning.</param>
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.Missing"/> or <see cref="RepositoryErrorKind.Damaged"/>:
    /// something that is needed cannot be read; <see cref="RepositoryErrorKind.Doubtful"/>: a listing is incomplete. Nothing may be removed
    /// from such a repository.</exception>
    public async Task<PrunePlan> PlanAsync(
        IReadOnlyCollection<BlobId> forget,
        IReadOnlyCollection<BlobId> keep,
        CancellationToken cancellationToken
    )
    {
        await _repository.Index.LoadAsync(cancellationToken).ConfigureAwait(false);
        var remaining = await RemainingAsync(forget, keep, cancellationToken).ConfigureAwait(false);
        var needed = await NeededAsync(remaining.Values, cancellationToken).ConfigureAwait(false);
        var stored = new Dictionary<BlobId, long>();
        await foreach (
            var item in _repository.Store.ListAsync(RepositoryLayout.Folder(RepositoryFile.Data), cancellationToken).ConfigureAwait(false)
        )
        {
            if (BlobId.TryParse(item.Name, out var id))
                stored[id] = item.Size;
        }

        var indexes = new Dictionary<BlobId, IReadOnlyCollection<BlobId>>();
        var packs = new List<PackContents>();
        var metadata = new HashSet<BlobHandle>();
        await foreach (var (stands, file) in _repository.Index.FilesAsync(cancellationToken).ConfigureAwait(false))
        {
            indexes[stands.Id] = [.. file.Select(each => each.Pack)];
            packs.AddRange(file);
            var apart = PackContents.AreMetadata(file);
            metadata.UnionWith(
                file.SelectMany(pack => pack.Blobs).Where(blob => apart || blob.Kind == BlobKind.Tree).Select(blob => blob.Handle)
            );
        }

        // If there are packs but not a single snapshot, nothing would be needed: more likely the listing came back empty, or the snapshots
        // are lost.
        if (remaining.Count + forget.Count == 0 && stored.Count > 0)
            throw Doubtful($"No snapshot is listed beside {stored.Count} packs. Nothing was removed.");
        var reader = new RepositoryReader(_repository);
        var decision = new PruneDecision(
            needed,
            stored,
            _time.GetUtcNow(),
            _options.KeepRetired,
            async (pack, blob, token) => await reader.TryReadAsync(pack, blob, token).ConfigureAwait(false) is not null
        );
        var plan = await decision.DecideAsync(packs, cancellationToken).ConfigureAwait(false);
        return plan with { Forget = [.. forget], Metadata = metadata, OldIndexes = indexes, Remaining = remaining.Keys.ToHashSet() };
    }

    /// <summary>Carries out a plan. Call it under the lock under which the plan was made.</summary>
    /// <returns>Which packs and index files exist now, as far as this program knows.</returns>
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.Doubtful"/>: the snapshots are no longer those of the plan. No
    /// pack was deleted, and none was removed from the index, unless that happened at the last moment.</exception>
    public async Task<FileSetDigest> ExecuteAsync(PrunePlan plan, CancellationToken cancellationToken)
    {
        using var alive = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _lock.Lost);
        foreach (var snapshot in plan.Forget)
            await DeleteAsync(RepositoryFile.Snapshot, snapshot, alive.Token).ConfigureAwait(false);

        var files = await RepackAsync(plan, alive.Token).ConfigureAwait(false);
        var kept = plan.Kept.ToLookup(pack => plan.Metadata.Contains(pack.Blobs[0].Handle));
        files = files
            .With(
                await _repository
                    .Index.WriteAsync(kept[false].Concat(plan.Retired), _lock, IndexJson.BlobsPerIndex, alive.Token)
                    .ConfigureAwait(false)
            )
            .With(
                await _repository.Index.WriteAsync(kept[true], _lock, IndexJson.MetadataBlobsPerIndex, alive.Token).ConfigureAwait(false)
            );
        await ThrowIfChangedAsync(plan, alive.Token).ConfigureAwait(false);
        foreach (var (index, packs) in plan.OldIndexes)
            await new GuardedRemoval(_repository, _lock).RemoveIndexAsync(index, packs, alive.Token).ConfigureAwait(false);
        if (plan.Delete.Count > 0)
            await ThrowIfChangedAsync(plan, alive.Token).ConfigureAwait(false);
        foreach (var pack in plan.Delete)
            await DeleteAsync(RepositoryFile.Data, pack, alive.Token).ConfigureAwait(false);
        await _repository.Index.LoadAsync(alive.Token).ConfigureAwait(false);
        return plan
            .Stored.Where(pack => !plan.Delete.Contains(pack.Key))
            .Aggregate(files, (census, pack) => census.With(pack.Key, pack.Value));
    }

    // Checks the lock and lists the snapshots once more: one that was unknown when the plan was made may need anything. Before indexes are
    // removed, because what no index names cannot be read; and before packs are deleted.
    private async Task ThrowIfChangedAsync(PrunePlan plan, CancellationToken cancellationToken)
    {
        await _lock.ThrowIfLostAsync().ConfigureAwait(false);
        var listed = new HashSet<BlobId>();
        await foreach (var file in _repository.Files.ListAsync(RepositoryFile.Snapshot, cancellationToken).ConfigureAwait(false))
            listed.Add(file.Id);
        listed.ExceptWith(plan.Forget); // Deleted a moment ago; a storage may still list it for a while.
        if (!listed.SetEquals(plan.Remaining))
            throw Doubtful("The snapshots are not those any more from which it was told what is needed. No pack was deleted.");
    }

    private async Task<Dictionary<BlobId, BlobId>> RemainingAsync(
        IReadOnlyCollection<BlobId> forget,
        IReadOnlyCollection<BlobId> keep,
        CancellationToken cancellationToken
    )
    {
        var (gone, remaining) = (forget.ToHashSet(), new Dictionary<BlobId, BlobId>());
        await foreach (var (id, snapshot) in _repository.SnapshotsAsync(cancellationToken).ConfigureAwait(false))
        {
            if (!gone.Contains(id))
                remaining.Add(id, snapshot.Root);
        }

        if (keep.Where(id => !gone.Contains(id) && !remaining.ContainsKey(id)).ToArray() is { Length: > 0 } absent)
            throw Doubtful($"The listing lacks {absent.Length} snapshots that are known, for example {absent[0]}. Nothing was removed.");
        return remaining;
    }

    private async Task<HashSet<BlobHandle>> NeededAsync(IEnumerable<BlobId> roots, CancellationToken cancellationToken)
    {
        var reader = new RepositoryReader(_repository);
        var needed = new HashSet<BlobHandle>();
        var pending = new Stack<BlobId>(roots);
        while (pending.TryPop(out var tree))
        {
            if (!needed.Add(BlobHandle.Tree(tree)))
                continue;
            foreach (var node in await reader.ReadTreeAsync(tree, cancellationToken).ConfigureAwait(false))
            {
                if (node.Subtree is { } subtree)
                    pending.Push(subtree);
                needed.UnionWith((node.Content ?? []).Select(BlobHandle.Data));
            }
        }

        return needed;
    }

    private async Task<FileSetDigest> RepackAsync(PrunePlan plan, CancellationToken cancellationToken)
    {
        var reader = new RepositoryReader(_repository);
        var source = _repository.Index.Blobs;

        // The writer stores what is not in its index: it gets an index of the packs that stay, and nothing else.
        var target = new MasterIndex();
        target.Add(plan.Kept);
        await using var writer = new RepositoryWriter(_repository, target, (_options.Writer ?? new WriterOptions()) with { Held = _lock });
        foreach (var (pack, blob) in plan.Moved)
        {
            var plain =
                await reader.TryReadAsync(pack, blob, cancellationToken).ConfigureAwait(false)
                ?? await reader.ReadBlobAsync(blob.Handle, source, cancellationToken).ConfigureAwait(false);
            await writer.SaveBlobAsync(blob.Kind, plain, plan.Metadata.Contains(blob.Handle), cancellationToken).ConfigureAwait(false);
        }

        await writer.FlushAsync(cancellationToken).ConfigureAwait(false);
        return writer.FilesStored;
    }

    private Task DeleteAsync(RepositoryFile kind, BlobId id, CancellationToken cancellationToken) =>
        new GuardedRemoval(_repository, _lock).RemoveAsync(kind, id, cancellationToken);

    private static RepositoryException Doubtful(string what) => new(RepositoryErrorKind.Doubtful, what);
}
