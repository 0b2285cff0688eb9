using KlarKonform.Backup.Repository.Index;
using KlarKonform.Backup.Repository.Packs;

namespace KlarKonform.Backup.Repository.Pruning;

/// <summary>Decides on every pack, from what is needed, what is stored and what the index says. Used once; touches nothing.</summary>
/// <param name="needed">Blobs that remaining snapshots need.</param>
/// <param name="stored">Packs at the storage with their sizes in bytes.</param>
/// <param name="now">The time; a pack that was retired later than that has just been retired.</param>
/// <param name="keepRetired">How long retired packs stay.</param>
internal sealed class PruneDecision(HashSet<BlobHandle> needed, IReadOnlyDictionary<BlobId, long> stored, DateTimeOffset now, TimeSpan keepRetired)
{
    // restic's default: a pack may waste so much before it is worth writing the rest anew.
    private const double MaxUnusedShare = 0.05;

    // A blob that lies in several packs is needed once: the pack with the largest needed share keeps it.
    private readonly HashSet<BlobHandle> _missing = [.. needed];
    private readonly List<PackContents> _kept = [];
    private readonly List<PackContents> _retired = [];
    private readonly List<PackedBlob> _moved = [];
    private readonly HashSet<BlobId> _delete = [];
    private readonly List<BlobId> _retire = [];
    private readonly List<BlobId> _repack = [];
    private readonly List<BlobId> _recover = [];

    /// <summary>Decides.</summary>
    /// <param name="indexed">Every pack that index files name.</param>
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.Missing"/>: what is needed lies nowhere.</exception>
    public PrunePlan Decide(IReadOnlyCollection<PackContents> indexed)
    {
        // A pack that one index file retires and another one names is in use: somebody was cut between the two.
        var regular = indexed.Where(pack => pack.Retired is null).GroupBy(pack => pack.Pack).Select(same => same.First()).ToDictionary(pack => pack.Pack);
        var retired = indexed.Where(pack => pack.Retired is not null && !regular.ContainsKey(pack.Pack))
            .GroupBy(pack => pack.Pack).Select(same => same.MaxBy(pack => pack.Blobs.Count)).ToDictionary(pack => pack.Pack);
        foreach (var pack in ByUse(regular.Values))
            Place(pack);
        foreach (var pack in ByUse(retired.Values))
            Place(pack);
        foreach (var pack in stored.Keys.Where(pack => !regular.ContainsKey(pack) && !retired.ContainsKey(pack)))
            Retire(new PackContents(pack, []));
        if (_missing.Count > 0)
            throw new RepositoryException(RepositoryErrorKind.Missing, $"{_missing.Count} blobs that snapshots need are in no pack, for example {_missing.First()}. Nothing was removed.");
        return new PrunePlan
        {
            Forget = [],
            Delete = _delete,
            Retire = _retire,
            Repack = _repack,
            Recover = _recover,
            BytesRemoved = _delete.Sum(pack => stored[pack]),
            BytesRetired = _retired.Sum(pack => stored[pack.Pack]),
            BytesRepacked = _moved.Sum(blob => (long)blob.Length),
            Stored = stored,
            Kept = _kept,
            Retired = _retired,
            Moved = _moved,
        };
    }

    private IEnumerable<PackContents> ByUse(IEnumerable<PackContents> packs) => packs.OrderByDescending(pack => Share(pack.Blobs, needed.Contains));

    private void Place(PackContents pack)
    {
        if (!stored.ContainsKey(pack.Pack))
            return; // Absent at the storage: it may drop out of the index, unless something needs it.
        var used = pack.Blobs.Where(blob => _missing.Remove(blob.Handle)).ToDictionary(blob => blob.Handle);
        if (used.Count == 0)
        {
            Retire(pack);
            return;
        }

        if (pack.Retired is not null)
            _recover.Add(pack.Pack);
        if (1 - Share(pack.Blobs, used.ContainsKey) > MaxUnusedShare || pack.Blobs.Select(blob => blob.Kind).Distinct().Count() > 1)
        {
            _repack.Add(pack.Pack);
            _moved.AddRange(used.Values);
            Retire(pack with { Retired = null }, isRepacked: true);
        }
        else
        {
            _kept.Add(pack with { Retired = null });
        }
    }

    private void Retire(PackContents pack, bool isRepacked = false)
    {
        var since = pack.Retired is { } before && before <= now ? before : now;
        if (now - since >= keepRetired)
        {
            _delete.Add(pack.Pack);
            return;
        }

        if (pack.Retired is null && !isRepacked)
            _retire.Add(pack.Pack);
        _retired.Add(pack with { Retired = since });
    }

    private static double Share(IReadOnlyList<PackedBlob> blobs, Func<BlobHandle, bool> isUsed)
    {
        long all = 0, used = 0;
        foreach (var blob in blobs)
        {
            all += blob.Length;
            used += isUsed(blob.Handle) ? blob.Length : 0;
        }

        return all == 0 ? 0 : (double)used / all;
    }
}
