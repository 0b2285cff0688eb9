using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Index;
using KlarKonform.Backup.Repository.Packs;

namespace KlarKonform.Backup.Repository.Pruning;

/// <summary>
/// Decides about every pack, based on what is needed, what is stored and what the index says. Used once; changes nothing. The contents of a
/// retired pack count only as far as they can be read: the pack may have been removed from the index because it is damaged.
/// </summary>
/// <param name="needed">Blobs that remaining snapshots need.</param>
/// <param name="stored">Packs at the storage with their sizes in bytes.</param>
/// <param name="now">The current time; a pack retired later than that counts as just retired.</param>
/// <param name="keepRetired">How long retired packs stay.</param>
/// <param name="canRead">Tells whether a blob can be read at its location in the index.</param>
internal sealed class PruneDecision(
    HashSet<BlobHandle> needed,
    IReadOnlyDictionary<BlobId, long> stored,
    DateTimeOffset now,
    TimeSpan keepRetired,
    Func<BlobId, PackedBlob, CancellationToken, Task<bool>> canRead
)
{
    // restic's default: above this share of waste a pack is worth repacking.
    private const double MaxUnusedShare = 0.05;

    // A blob in several packs is needed once: the pack with the largest needed share keeps it.
    private readonly HashSet<BlobHandle> _missing = [.. needed];
    private readonly List<PackContents> _kept = [];
    private readonly List<PackContents> _retired = [];
    private readonly List<(BlobId Pack, PackedBlob Blob)> _moved = [];
    private readonly HashSet<BlobId> _delete = [];
    private readonly List<BlobId> _retire = [];
    private readonly List<BlobId> _repack = [];
    private readonly List<BlobId> _recover = [];

    /// <summary>Decides.</summary>
    /// <param name="indexed">Every pack that index files name.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.Missing"/>: something needed is stored nowhere.</exception>
    public async Task<PrunePlan> DecideAsync(IReadOnlyCollection<PackContents> indexed, CancellationToken cancellationToken)
    {
        // A pack that one index file retires and another one names is in use: a program was interrupted between the two.
        var regular = indexed
            .Where(pack => pack.Retired is null)
            .GroupBy(pack => pack.Pack)
            .Select(same => same.First())
            .ToDictionary(pack => pack.Pack);
        var retired = indexed
            .Where(pack => pack.Retired is not null && !regular.ContainsKey(pack.Pack))
            .GroupBy(pack => pack.Pack)
            .Select(same => same.MaxBy(pack => pack.Blobs.Count))
            .ToDictionary(pack => pack.Pack);
        foreach (var pack in ByUse(regular.Values))
            Place(pack, pack.Blobs);
        foreach (var pack in ByUse(retired.Values))
            Place(pack, await ReadableAsync(pack, cancellationToken).ConfigureAwait(false));
        foreach (var pack in stored.Keys.Where(pack => !regular.ContainsKey(pack) && !retired.ContainsKey(pack)))
            Retire(new PackContents(pack, []));
        if (_missing.Count > 0)
            throw new RepositoryException(
                RepositoryErrorKind.Missing,
                $"{_missing.Count} blobs that snapshots need are in no pack, for example {_missing.First()}. Nothing was removed."
            );
        return new PrunePlan
        {
            Forget = [],
            Delete = _delete,
            Retire = _retire,
            Repack = _repack,
            Recover = _recover,
            BytesRemoved = _delete.Sum(pack => stored[pack]),
            BytesRetired = _retired.Sum(pack => stored[pack.Pack]),
            BytesRepacked = _moved.Sum(each => (long)each.Blob.Length),
            Stored = stored,
            Kept = _kept,
            Retired = _retired,
            Moved = _moved,
        };
    }

    private IEnumerable<PackContents> ByUse(IEnumerable<PackContents> packs) =>
        packs.OrderByDescending(pack => Share(pack.Blobs, needed.Contains));

    // From what is still missing and listed in a retired pack, what the pack really contains.
    private async Task<IReadOnlyList<PackedBlob>> ReadableAsync(PackContents pack, CancellationToken cancellationToken)
    {
        var readable = new List<PackedBlob>();
        foreach (var blob in pack.Blobs.Where(blob => stored.ContainsKey(pack.Pack) && _missing.Contains(blob.Handle)))
        {
            if (await canRead(pack.Pack, blob, cancellationToken).ConfigureAwait(false))
                readable.Add(blob);
        }

        return readable;
    }

    private void Place(PackContents pack, IReadOnlyList<PackedBlob> readable)
    {
        if (!stored.ContainsKey(pack.Pack))
            return; // Missing at the storage: it may be dropped from the index, unless something needs it.
        var used = readable.Where(blob => _missing.Remove(blob.Handle)).ToDictionary(blob => blob.Handle);
        if (used.Count == 0)
        {
            Retire(pack);
            return;
        }

        if (pack.Retired is not null)
            _recover.Add(pack.Pack);

        // A retired pack never comes back as it is: it is unknown what else is wrong with it, and writers would rely on all of it.
        if (
            pack.Retired is not null
            || 1 - Share(pack.Blobs, used.ContainsKey) > MaxUnusedShare
            || pack.Blobs.Select(blob => blob.Kind).Distinct().Count() > 1
        )
        {
            _repack.Add(pack.Pack);
            _moved.AddRange(used.Values.Select(blob => (pack.Pack, blob)));
            Retire(pack with { Retired = null }, isRepacked: true);
        }
        else
        {
            _kept.Add(pack);
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
        long all = 0,
            used = 0;
        foreach (var blob in blobs)
        {
            all += blob.Length;
            used += isUsed(blob.Handle) ? blob.Length : 0;
        }

        return all == 0 ? 0 : (double)used / all;
    }
}
