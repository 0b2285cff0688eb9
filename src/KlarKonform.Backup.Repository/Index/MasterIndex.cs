using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Packs;

namespace KlarKonform.Backup.Repository.Index;

/// <summary>
/// The location of every known blob, in less than sixty bytes per blob (see <see cref="BlobTable"/>). A blob that is only in retired packs
/// can be found, but is not contained: a writer stores it again. Thread-safe.
/// </summary>
public sealed class MasterIndex
{
    private readonly object _gate = new();
    private readonly BlobTable _entries = new();

    // For the few blobs with several locations: concurrent writers cannot know of each other.
    private readonly Dictionary<BlobHandle, List<BlobPlace>> _copies = [];
    private readonly List<BlobId> _packs = [];
    private readonly Dictionary<BlobId, int> _packNumbers = [];
    private readonly Dictionary<BlobId, long> _packSizes = [];
    private MasterIndex? _retired;

    /// <summary>Number of known blobs.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _entries.Count;
        }
    }

    /// <summary>Whether the blob is stored.</summary>
    public bool Contains(BlobHandle blob)
    {
        lock (_gate)
            return _entries.Contains(blob);
    }

    /// <summary>Finds the blob's location.</summary>
    public bool TryFind(BlobHandle wanted, out BlobId pack, out PackedBlob blob)
    {
        lock (_gate)
        {
            if (_entries.TryGet(wanted, out var entry))
            {
                (pack, blob) = Place(wanted.Id, entry);
                return true;
            }

            if (_retired is { } retired)
                return retired.TryFind(wanted, out pack, out blob);
        }

        (pack, blob) = (default, default);
        return false;
    }

    /// <summary>Further locations of the blob, those in retired packs last; most blobs have none.</summary>
    public IReadOnlyList<(BlobId Pack, PackedBlob Blob)> FindCopies(BlobHandle blob) => [.. FindAll(blob).Skip(1)];

    /// <summary>
    /// Every location of the blob: first the one that <see cref="TryFind"/> returns, then others, those in retired packs last.
    /// </summary>
    internal IReadOnlyList<(BlobId Pack, PackedBlob Blob)> FindAll(BlobHandle blob)
    {
        var places = new List<(BlobId, PackedBlob)>();
        lock (_gate)
        {
            if (_entries.TryGet(blob, out var first))
                places.Add(Place(blob.Id, first));
            if (_copies.TryGetValue(blob, out var copies))
                places.AddRange(copies.Select(copy => Place(blob.Id, copy)));
            if (_retired is { } retired)
                places.AddRange(retired.FindAll(blob));
        }

        return places;
    }

    /// <summary>Every pack in the index, with the size in bytes that it must have.</summary>
    public IReadOnlyDictionary<BlobId, long> PackSizes()
    {
        lock (_gate)
            return new Dictionary<BlobId, long>(_packSizes);
    }

    /// <summary>A copy of what the index says about every blob, grouped by pack.</summary>
    public ILookup<BlobId, PackedBlob> ByPack()
    {
        lock (_gate)
        {
            return _entries
                .All.Select(pair => Place(pair.Id, pair.Place))
                .Concat(_copies.SelectMany(pair => pair.Value.Select(copy => Place(pair.Key.Id, copy))))
                .ToLookup(place => place.Pack, place => place.Blob);
        }
    }

    /// <summary>Some blobs drawn at random, or all of them if there are no more.</summary>
    public IReadOnlyList<BlobHandle> Sample(Random random, int count)
    {
        lock (_gate)
        {
            // Reservoir sampling (Vitter's algorithm R): every blob has the same chance, in one pass.
            var sample = new List<BlobHandle>(count);
            var seen = 0;
            foreach (var (id, place) in _entries.All)
            {
                seen++;
                if (sample.Count < count)
                    sample.Add(new BlobHandle(place.Kind, id));
                else if (random.Next(seen) is var drawn && drawn < count)
                    sample[drawn] = new BlobHandle(place.Kind, id);
            }

            return sample;
        }
    }

    /// <summary>Adds an index file.</summary>
    internal void Add(IEnumerable<PackContents> file)
    {
        foreach (var pack in file)
        {
            if (pack.Retired is null)
            {
                Add(pack.Pack, pack.Blobs);
                continue;
            }

            lock (_gate)
                (_retired ??= new MasterIndex()).Add(pack.Pack, pack.Blobs);
        }
    }

    internal void Add(BlobId pack, IReadOnlyCollection<PackedBlob> blobs)
    {
        lock (_gate)
        {
            if (!_packNumbers.TryGetValue(pack, out var number))
            {
                number = _packs.Count;
                _packs.Add(pack);
                _packNumbers.Add(pack, number);
            }

            foreach (var blob in blobs)
            {
                var entry = new BlobPlace(number, blob);
                if (!_entries.TryAdd(blob.Id, entry))
                    AddCopy(blob.Handle, entry);
            }

            // Without gaps between blobs (restic never leaves any), a pack consists of its blobs and its header.
            _packSizes[pack] = blobs.Sum(blob => (long)blob.Length) + PackHeader.SizeOf(blobs);
        }
    }

    // A pack that two index files list is one location, not two. Within a pack a blob may occur twice: restic allows it.
    private void AddCopy(BlobHandle blob, BlobPlace entry)
    {
        if (!_entries.TryGet(blob, out var known) || IsSame(known, entry))
            return;
        if (!_copies.TryGetValue(blob, out var copies))
            _copies.Add(blob, copies = []);
        if (copies.TrueForAll(copy => !IsSame(copy, entry)))
            copies.Add(entry);
    }

    private static bool IsSame(BlobPlace one, BlobPlace other) => one.Pack == other.Pack && one.Offset == other.Offset;

    private (BlobId Pack, PackedBlob Blob) Place(BlobId id, BlobPlace entry) => (_packs[entry.Pack], entry.ToBlob(id));
}
