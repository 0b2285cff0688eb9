using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Index;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Packs;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Repository.Repairing;

/// <summary>
/// Mends an index that is lost or wrong, as <c>restic repair index</c> does: from what the old index says of packs that are there, and from
/// the headers of the others. Packs are not touched, and nothing becomes less readable: of a pack whose header is damaged the old entries
/// stay, and of one that is gone it stays known what it held. What is out of the index, perhaps because it is damaged, stays out: a prune
/// looks into it for what is needed.
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
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.Doubtful"/>: packs are there that the listing lacks, or none is listed at
    /// all. Such a listing is nothing to build an index from.</exception>
    public async Task<IndexRepairPlan> PlanAsync(CancellationToken cancellationToken)
    {
        using var alive = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _lock.Lost);
        var (files, known, damaged) = await ReadIndexAsync(alive.Token).ConfigureAwait(false);
        var stored = new Dictionary<BlobId, StoredObject>();
        await foreach (var item in _repository.Store.ListAsync(RepositoryLayout.Folder(RepositoryFile.Data), alive.Token).ConfigureAwait(false))
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
                // Where no index ever named what lies in it, the pack itself may: it is not in use for that, but can be found.
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
        await ThrowIfThereAsync([.. absent.Where(pack => pack.Retired is null).Select(pack => pack.Pack)], stored.Count, alive.Token).ConfigureAwait(false);
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

    /// <summary>Writes the new index, and only then removes the old one. Call it under the lock that the plan was made under.</summary>
    public async Task ExecuteAsync(IndexRepairPlan plan, CancellationToken cancellationToken)
    {
        using var alive = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _lock.Lost);
        await _repository.WriteIndexAsync(plan.Contents, alive.Token, held: _lock).ConfigureAwait(false);
        await _lock.ThrowIfLostAsync().ConfigureAwait(false);
        foreach (var id in plan.OldIndexes)
            await new GuardedRemoval(_repository, _lock).RemoveIndexAsync(id, packs: null, alive.Token).ConfigureAwait(false);
        await _repository.LoadIndexAsync(alive.Token).ConfigureAwait(false);
    }

    private async Task<(List<BlobId> Files, Dictionary<BlobId, PackContents> Packs, List<BlobId> Damaged)> ReadIndexAsync(CancellationToken cancellationToken)
    {
        var (files, packs, damaged) = (new List<BlobId>(), new Dictionary<BlobId, PackContents>(), new List<BlobId>());
        await foreach (var id in _repository.ListAsync(RepositoryFile.Index, cancellationToken).ConfigureAwait(false))
        {
            files.Add(id);
            try
            {
                foreach (var pack in await _repository.LoadFileAsync(RepositoryFile.Index, id, IndexJson.Read, cancellationToken).ConfigureAwait(false))
                {
                    // A pack that is in use in one file and retired in another one is in use.
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

    // Whoever takes a short listing for the truth forgets packs that are there.
    private async Task ThrowIfThereAsync(IReadOnlyCollection<BlobId> absent, int listed, CancellationToken cancellationToken)
    {
        if (absent.Count > 0 && listed == 0)
            throw new RepositoryException(RepositoryErrorKind.Doubtful, $"The index names {absent.Count} packs, and the storage lists none. Nothing was changed.");
        var options = new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(absent, options, async (pack, token) =>
        {
            if (await _repository.Store.StatAsync(RepositoryLayout.Key(RepositoryFile.Data, pack), token).ConfigureAwait(false) is not null)
                throw new RepositoryException(RepositoryErrorKind.Doubtful, $"The listing lacks the pack {pack}, which is there. Nothing was changed.");
        }).ConfigureAwait(false);
    }

    // Null when it cannot be read. A pack that was cut short has a header only by accident; its blobs must fill it to the byte.
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

    // What its header names and can be read: a repair of packs may have left it without a list because nothing can.
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
