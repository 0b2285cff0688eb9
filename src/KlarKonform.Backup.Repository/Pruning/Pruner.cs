using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Index;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Writing;

namespace KlarKonform.Backup.Repository.Pruning;

/// <summary>
/// Removes snapshots and what only they needed. The order makes a cut at any moment harmless: forget → repack → new index → old
/// indexes go → packs go. Nothing is deleted before its replacement is durable, and a pack only when an earlier prune, most of a day
/// before, has already found that nothing needs it (<see cref="PruneOptions.KeepRetired"/>). Listings count as evidence of what is there only:
/// who calls says which snapshots stay, and a listing that lacks one of them ends the prune.
/// </summary>
public sealed class Pruner
{
    private readonly ResticRepository _repository;
    private readonly RepositoryLock _lock;
    private readonly TimeProvider _time;
    private readonly PruneOptions _options;

    /// <summary>Works on an opened repository of version 2.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="exclusive">The exclusive lock: while others write, nobody can tell what is unused.</param>
    /// <param name="time">Since when packs are retired.</param>
    /// <param name="options">How it works; null for what <see cref="PruneOptions"/> begins with.</param>
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

    /// <summary>Computes what goes when these snapshots go. Reads every tree of the remaining ones, and what they need of retired packs.</summary>
    /// <param name="forget">Snapshots that go.</param>
    /// <param name="keep">Snapshots that stay, of everybody: all that were listed when it was decided what goes. Others that are there stay too.</param>
    /// <param name="cancellationToken">Ends the planning.</param>
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.Missing"/> or <see cref="RepositoryErrorKind.Damaged"/>: something that is
    /// needed cannot be read; <see cref="RepositoryErrorKind.Doubtful"/>: a listing is short. Nothing may be removed from such a repository.</exception>
    public async Task<PrunePlan> PlanAsync(IReadOnlyCollection<BlobId> forget, IReadOnlyCollection<BlobId> keep, CancellationToken cancellationToken)
    {
        await _repository.LoadIndexAsync(cancellationToken).ConfigureAwait(false);
        var remaining = await RemainingAsync(forget, keep, cancellationToken).ConfigureAwait(false);
        var needed = await NeededAsync(remaining.Values, cancellationToken).ConfigureAwait(false);
        var stored = new Dictionary<BlobId, long>();
        await foreach (var item in _repository.Store.ListAsync(RepositoryLayout.Folder(RepositoryFile.Data), cancellationToken).ConfigureAwait(false))
        {
            if (BlobId.TryParse(item.Name, out var id))
                stored[id] = item.Size;
        }

        var indexes = new Dictionary<BlobId, IReadOnlyCollection<BlobId>>();
        var packs = new List<PackContents>();
        var metadata = new HashSet<BlobHandle>();
        await foreach (var (stands, file) in _repository.IndexFilesAsync(cancellationToken).ConfigureAwait(false))
        {
            indexes[BlobId.Parse(stands.Name)] = [.. file.Select(each => each.Pack)];
            packs.AddRange(file);
            var apart = PackContents.AreMetadata(file);
            metadata.UnionWith(file.SelectMany(pack => pack.Blobs).Where(blob => apart || blob.Kind == BlobKind.Tree).Select(blob => blob.Handle));
        }

        // Without a single snapshot beside packs nothing would be needed: rather a listing that came back empty, or snapshots that are lost.
        if (remaining.Count + forget.Count == 0 && stored.Count > 0)
            throw Doubtful($"No snapshot is listed beside {stored.Count} packs. Nothing was removed.");
        var reader = new RepositoryReader(_repository);
        var decision = new PruneDecision(needed, stored, _time.GetUtcNow(), _options.KeepRetired,
            async (pack, blob, token) => await reader.TryReadAsync(pack, blob, token).ConfigureAwait(false) is not null);
        var plan = await decision.DecideAsync(packs, cancellationToken).ConfigureAwait(false);
        return plan with { Forget = [.. forget], Metadata = metadata, OldIndexes = indexes, Remaining = remaining.Keys.ToHashSet() };
    }

    /// <summary>Carries a plan out. Call it under the lock that the plan was made under.</summary>
    /// <returns>Which packs and index files there are now, as far as this program knows.</returns>
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.Doubtful"/>: the snapshots are not those of the plan any more. No pack was
    /// deleted, and none is out of the index, unless that came about in the last moment.</exception>
    public async Task<FileSetDigest> ExecuteAsync(PrunePlan plan, CancellationToken cancellationToken)
    {
        using var alive = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _lock.Lost);
        foreach (var snapshot in plan.Forget)
            await DeleteAsync(RepositoryFile.Snapshot, snapshot, alive.Token).ConfigureAwait(false);

        var files = await RepackAsync(plan, alive.Token).ConfigureAwait(false);
        var kept = plan.Kept.ToLookup(pack => plan.Metadata.Contains(pack.Blobs[0].Handle));
        files = files.With(await _repository.WriteIndexAsync(kept[false].Concat(plan.Retired), alive.Token, held: _lock).ConfigureAwait(false))
            .With(await _repository.WriteIndexAsync(kept[true], alive.Token, IndexJson.MetadataBlobsPerIndex, _lock).ConfigureAwait(false));
        await ThrowIfChangedAsync(plan, alive.Token).ConfigureAwait(false);
        foreach (var (index, packs) in plan.OldIndexes)
            await new GuardedRemoval(_repository, _lock).RemoveIndexAsync(index, packs, alive.Token).ConfigureAwait(false);
        if (plan.Delete.Count > 0)
            await ThrowIfChangedAsync(plan, alive.Token).ConfigureAwait(false);
        foreach (var pack in plan.Delete)
            await DeleteAsync(RepositoryFile.Data, pack, alive.Token).ConfigureAwait(false);
        await _repository.LoadIndexAsync(alive.Token).ConfigureAwait(false);
        return plan.Stored.Where(pack => !plan.Delete.Contains(pack.Key)).Aggregate(files, (census, pack) => census.With(pack.Key, pack.Value));
    }

    // The lock is looked at, and the snapshots are listed once more: one that nobody knew of when the plan was made may need anything. Before
    // indexes go, for what no index names can be read by nobody; and before packs go.
    private async Task ThrowIfChangedAsync(PrunePlan plan, CancellationToken cancellationToken)
    {
        await _lock.ThrowIfLostAsync().ConfigureAwait(false);
        var listed = new HashSet<BlobId>();
        await foreach (var id in _repository.ListAsync(RepositoryFile.Snapshot, cancellationToken).ConfigureAwait(false))
            listed.Add(id);
        listed.ExceptWith(plan.Forget); // Deleted a moment ago; a storage may list it for a while.
        if (!listed.SetEquals(plan.Remaining))
            throw Doubtful("The snapshots are not those any more from which it was told what is needed. No pack was deleted.");
    }

    private async Task<Dictionary<BlobId, BlobId>> RemainingAsync(IReadOnlyCollection<BlobId> forget, IReadOnlyCollection<BlobId> keep, CancellationToken cancellationToken)
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
        var source = _repository.Index;

        // The writer stores what its index does not know: it gets one that knows the packs that stay, and no more.
        var target = new MasterIndex();
        target.Add(plan.Kept);
        await using var writer = new RepositoryWriter(_repository, target, (_options.Writer ?? new WriterOptions()) with { Held = _lock });
        foreach (var (pack, blob) in plan.Moved)
        {
            var plain = await reader.TryReadAsync(pack, blob, cancellationToken).ConfigureAwait(false)
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
