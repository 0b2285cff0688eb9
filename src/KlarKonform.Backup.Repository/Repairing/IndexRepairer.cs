using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Index;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Packs;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Repository.Repairing;

/// <summary>
/// Repairs an index that is lost or wrong, as <c>restic repair index</c> does: from the old index entries of existing packs, and from the
/// headers of the others. Packs are not changed, and nothing becomes less readable: for a pack with a damaged header the old entries stay,
/// and for a missing one it stays known what it contained. What is not in the index, perhaps because it is damaged, stays out: a prune
/// searches it for what is needed.
/// </summary>
public sealed class IndexRepairer
{
    private readonly ResticRepository _repository;
    private readonly RepositoryLock _lock;
    private readonly TimeProvider _time;

    /// <summary>Works on an opened repository, under an exclusive lock.</summary>
    /// <exception cref="ArgumentException">The lock is shared.</exception>
    public IndexRepairer(ResticRepository repository, RepositoryLock exclusive, TimeProvider time)
    {
        if (!exclusive.IsExclusive)
            throw new ArgumentException("Repairing needs an exclusive lock.", nameof(exclusive));
        _repository = repository;
        _lock = exclusive;
        _time = time;
    }

    /// <summary>Reads every index file, and the header of every pack that they do not describe.</summary>
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.Doubtful"/>: packs exist that the listing lacks, or none is
    /// listed at all. An index cannot be built from such a listing.</exception>
    public async Task<IndexRepairPlan> PlanAsync(CancellationToken cancellationToken)
    {
        using var alive = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _lock.Lost);
        var (files, known, damaged) = await ReadIndexAsync(alive.Token).ConfigureAwait(false);
        var stored = new Dictionary<BlobId, StoredObject>();
        await foreach (
            var item in _repository.Store.ListAsync(RepositoryLayout.Folder(RepositoryFile.Data), alive.Token).ConfigureAwait(false)
        )
        {
            if (BlobId.TryParse(item.Name, out var id))
                stored[id] = item;
        }

        var (kept, contents, read, unreadable) = (0, new List<PackContents>(), new List<BlobId>(), new List<BlobId>());
        foreach (var (id, item) in stored)
        {
            var entry = known.GetValueOrDefault(id);
            if (entry.Retired is not null)
            {
                // If no index ever described its contents, the pack itself may: this does not make it a pack in use, but its contents can
                // be found.
                var found = entry.Blobs.Count > 0 ? [] : await ReadBlobsAsync(id, item, alive.Token).ConfigureAwait(false);
                contents.Add(found.Count == 0 ? entry : entry with { Blobs = found });
                if (found.Count == 0)
                    kept++;
                else
                    read.Add(id);
            }
            else if (entry.Blobs is { Count: > 0 } && SizeOf(entry.Blobs) == item.Size)
            {
                contents.Add(entry);
                kept++;
            }
            else if (await ReadHeaderAsync(item, alive.Token).ConfigureAwait(false) is { } blobs)
            {
                contents.Add(new PackContents(id, blobs));
                read.Add(id);
            }
            else
            {
                unreadable.Add(id);
                if (entry.Blobs?.Where(blob => (long)blob.Offset + blob.Length <= item.Size).ToArray() is { Length: > 0 } within)
                    contents.Add(new PackContents(id, within));
            }
        }

        var absent = known.Values.Where(pack => !stored.ContainsKey(pack.Pack)).ToArray();
        await ThrowIfThereAsync([.. absent.Where(pack => pack.Retired is null).Select(pack => pack.Pack)], stored.Count, alive.Token)
            .ConfigureAwait(false);
        contents.AddRange(absent.Select(pack => pack with { Retired = pack.Retired ?? _time.GetUtcNow() }));
        return new IndexRepairPlan
        {
            Kept = kept,
            Read = read,
            Unreadable = unreadable,
            Absent = [.. absent.Where(pack => pack.Retired is null).Select(pack => pack.Pack)],
            DamagedIndexes = damaged,
            Contents = contents,
            OldIndexes = files,
        };
    }

    /// <summary>Writes the new index, and only then removes the old one. Call it under the lock under which the plan was made.</summary>
    public async Task ExecuteAsync(IndexRepairPlan plan, CancellationToken cancellationToken)
    {
        using var alive = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _lock.Lost);
        await _repository.Index.WriteAsync(plan.Contents, _lock, IndexJson.BlobsPerIndex, alive.Token).ConfigureAwait(false);
        await _lock.ThrowIfLostAsync().ConfigureAwait(false);
        foreach (var id in plan.OldIndexes)
            await new GuardedRemoval(_repository, _lock).RemoveIndexAsync(id, packs: null, alive.Token).ConfigureAwait(false);
        await _repository.Index.LoadAsync(alive.Token).ConfigureAwait(false);
    }

    private async Task<(List<BlobId> Files, Dictionary<BlobId, PackContents> Packs, List<BlobId> Damaged)> ReadIndexAsync(
        CancellationToken cancellationToken
    )
    {
        var (files, packs, damaged) = (new List<BlobId>(), new Dictionary<BlobId, PackContents>(), new List<BlobId>());
        await foreach (var (id, _) in _repository.Files.ListAsync(RepositoryFile.Index, cancellationToken).ConfigureAwait(false))
        {
            files.Add(id);
            try
            {
                foreach (
                    var pack in await _repository
                        .Files.LoadAsync(RepositoryFile.Index, id, IndexJson.Read, cancellationToken)
                        .ConfigureAwait(false)
                )
                {
                    // A pack that is in use in one file and retired in another counts as in use.
                    if (!packs.TryGetValue(pack.Pack, out var other) || (other.Retired is not null && pack.Retired is null))
                        packs[pack.Pack] = pack;
                }
            }
            catch (RepositoryException)
            {
                damaged.Add(id); // Its packs are described by their headers.
            }
        }

        return (files, packs, damaged);
    }

    // Trusting an incomplete listing would drop packs that exist.
    private async Task ThrowIfThereAsync(IReadOnlyCollection<BlobId> absent, int listed, CancellationToken cancellationToken)
    {
        if (absent.Count > 0 && listed == 0)
            throw new RepositoryException(
                RepositoryErrorKind.Doubtful,
                $"The index names {absent.Count} packs, and the storage lists none. Nothing was changed."
            );
        var options = new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = cancellationToken };
        await Parallel
            .ForEachAsync(
                absent,
                options,
                async (pack, token) =>
                {
                    if (
                        await _repository.Store.StatAsync(RepositoryLayout.Key(RepositoryFile.Data, pack), token).ConfigureAwait(false)
                        is not null
                    )
                        throw new RepositoryException(
                            RepositoryErrorKind.Doubtful,
                            $"The listing lacks the pack {pack}, which is there. Nothing was changed."
                        );
                }
            )
            .ConfigureAwait(false);
    }

    // Null if it cannot be read. A truncated pack has a header only by accident; its blobs must fill it exactly.
    private async Task<IReadOnlyList<PackedBlob>?> ReadHeaderAsync(StoredObject item, CancellationToken cancellationToken)
    {
        try
        {
            var blobs = await PackReader.ReadHeaderAsync(_repository, item, cancellationToken).ConfigureAwait(false);
            return SizeOf(blobs) == item.Size ? blobs : null;
        }
        catch (RepositoryException)
        {
            return null;
        }
    }

    // What its header lists and is readable: a repair of packs may have left it without entries because nothing is.
    private async Task<IReadOnlyList<PackedBlob>> ReadBlobsAsync(BlobId pack, StoredObject item, CancellationToken cancellationToken)
    {
        var (reader, readable) = (new RepositoryReader(_repository), new List<PackedBlob>());
        foreach (var blob in await ReadHeaderAsync(item, cancellationToken).ConfigureAwait(false) ?? [])
        {
            if (await reader.TryReadAsync(pack, blob, cancellationToken).ConfigureAwait(false) is not null)
                readable.Add(blob);
        }

        return readable;
    }

    private static long SizeOf(IReadOnlyList<PackedBlob> blobs) => blobs.Sum(blob => (long)blob.Length) + PackHeader.SizeOf(blobs);
}
