using KlarKonform.Backup.Repository.Packs;

namespace KlarKonform.Backup.Repository.Index;

/// <summary>Every known blob's place, in some sixty bytes a blob. Thread-safe.</summary>
public sealed class MasterIndex
{
    private readonly object _gate = new();
    private readonly Dictionary<BlobId, Entry> _entries = [];
    private readonly List<BlobId> _packs = [];
    private readonly Dictionary<BlobId, int> _packNumbers = [];
    private readonly Dictionary<BlobId, long> _packSizes = [];

    /// <summary>Known blobs.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _entries.Count;
        }
    }

    /// <summary>Whether the blob is stored.</summary>
    public bool Contains(BlobId id)
    {
        lock (_gate)
            return _entries.ContainsKey(id);
    }

    /// <summary>Where the blob lies.</summary>
    public bool TryFind(BlobId id, out BlobId pack, out PackedBlob blob)
    {
        lock (_gate)
        {
            if (_entries.TryGetValue(id, out var entry))
            {
                pack = _packs[entry.Pack];
                blob = new PackedBlob(id, entry.Kind, entry.Offset, entry.Length, entry.UncompressedLength);
                return true;
            }
        }

        (pack, blob) = (default, default);
        return false;
    }

    /// <summary>Every pack that the index names, with the size in bytes that it must have.</summary>
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
            return _entries.ToLookup(
                pair => _packs[pair.Value.Pack],
                pair => new PackedBlob(pair.Key, pair.Value.Kind, pair.Value.Offset, pair.Value.Length, pair.Value.UncompressedLength));
        }
    }

    /// <summary>Some blobs drawn at random, all of them when there are no more.</summary>
    public IReadOnlyList<BlobId> Sample(Random random, int count)
    {
        lock (_gate)
        {
            // Reservoir sampling (Vitter's algorithm R): every blob has the same chance, in one pass.
            var sample = new List<BlobId>(count);
            var seen = 0;
            foreach (var id in _entries.Keys)
            {
                seen++;
                if (sample.Count < count)
                    sample.Add(id);
                else if (random.Next(seen) is var place && place < count)
                    sample[place] = id;
            }

            return sample;
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
                _entries.TryAdd(blob.Id, new Entry(number, blob.Offset, blob.Length, blob.UncompressedLength, blob.Kind));

            // Without gaps between blobs (and restic never leaves any) a pack is its blobs and its header.
            _packSizes[pack] = blobs.Sum(blob => (long)blob.Length) + PackHeader.SizeOf(blobs);
        }
    }

    private readonly record struct Entry(int Pack, uint Offset, uint Length, uint UncompressedLength, BlobKind Kind);
}
