using KlarKonform.Backup.Repository.Format;

namespace KlarKonform.Backup.Repository.Index;

/// <summary>
/// A hash table of blob locations that takes 54 to 56 bytes per blob, and no more while it grows: a dictionary takes up to twice that, and
/// copies itself. A blob's kind is one bit of its location, so the key takes no extra space. Blobs are never removed. Not thread-safe.
/// </summary>
internal sealed class BlobTable
{
    // Chunks never move; only the heads of the chains are rebuilt when there are too few. 64 KiB per array: larger ones (above 85,000
    // bytes) go to a heap in which the garbage collector leaves gaps.
    private const int ChunkBits = 11;
    private const int ChunkSize = 1 << ChunkBits;

    // Average number of blobs per chain before the number of chains is doubled.
    private const int Load = 2;

    private readonly List<Chunk> _chunks = [];
    private int[] _heads = NewHeads(ChunkSize);

    public int Count { get; private set; }

    /// <summary>Every blob with its location.</summary>
    public IEnumerable<(BlobId Id, BlobPlace Place)> All =>
        Enumerable
            .Range(0, Count)
            .Select(slot =>
                (_chunks[slot >> ChunkBits].Ids[slot & (ChunkSize - 1)], _chunks[slot >> ChunkBits].Places[slot & (ChunkSize - 1)])
            );

    public bool Contains(BlobHandle blob) => Find(blob) >= 0;

    public bool TryGet(BlobHandle blob, out BlobPlace place)
    {
        var slot = Find(blob);
        place = slot < 0 ? default : _chunks[slot >> ChunkBits].Places[slot & (ChunkSize - 1)];
        return slot >= 0;
    }

    /// <summary>Adds a blob unless it is present.</summary>
    public bool TryAdd(BlobId id, BlobPlace place)
    {
        if (Find(new BlobHandle(place.Kind, id)) >= 0)
            return false;
        if (Count >= _heads.Length * Load)
            Spread(_heads.Length * 2);
        if (Count >> ChunkBits == _chunks.Count)
            _chunks.Add(new Chunk());
        var (chunk, index) = (_chunks[Count >> ChunkBits], Count & (ChunkSize - 1));
        ref var head = ref _heads[ChainOf(id)];
        (chunk.Ids[index], chunk.Places[index], chunk.Next[index]) = (id, place, head);
        head = Count++;
        return true;
    }

    private int Find(BlobHandle blob)
    {
        for (var slot = _heads[ChainOf(blob.Id)]; slot >= 0; slot = _chunks[slot >> ChunkBits].Next[slot & (ChunkSize - 1)])
        {
            var (chunk, index) = (_chunks[slot >> ChunkBits], slot & (ChunkSize - 1));
            if (chunk.Ids[index] == blob.Id && chunk.Places[index].Kind == blob.Kind)
                return slot;
        }

        return -1;
    }

    private void Spread(int chains)
    {
        _heads = NewHeads(chains);
        for (var slot = 0; slot < Count; slot++)
        {
            var (chunk, index) = (_chunks[slot >> ChunkBits], slot & (ChunkSize - 1));
            ref var head = ref _heads[ChainOf(chunk.Ids[index])];
            chunk.Next[index] = head;
            head = slot;
        }
    }

    // An id is already a hash.
    private int ChainOf(BlobId id) => id.GetHashCode() & (_heads.Length - 1);

    private static int[] NewHeads(int count)
    {
        var heads = new int[count];
        Array.Fill(heads, -1);
        return heads;
    }

    // Separate arrays: a structure of all three fields would be padded.
    private sealed class Chunk
    {
        public BlobId[] Ids { get; } = new BlobId[ChunkSize];

        public BlobPlace[] Places { get; } = new BlobPlace[ChunkSize];

        public int[] Next { get; } = new int[ChunkSize];
    }
}
