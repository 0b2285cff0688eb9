using KlarKonform.Backup.Graph.Drives;
using KlarKonform.Backup.Repository.Format;

namespace KlarKonform.Backup.Engine.Snapshots.Items;

/// <summary>A large file that is under way: the pieces that are stored, and how far its hash is. Thread-safe.</summary>
internal sealed class PartialFile
{
    private readonly object _gate = new();
    private readonly List<BlobId> _blobs;
    private readonly QuickXorHash _hash;
    private long _size;

    public PartialFile(string version)
    {
        Version = version;
        (_blobs, _hash) = ([], new QuickXorHash());
    }

    /// <summary>Goes on with what a checkpoint holds.</summary>
    public PartialFile(PartialState state, IEnumerable<BlobId> blobs)
    {
        Version = state.Version;
        _blobs = [.. blobs];
        _hash = new QuickXorHash(Convert.FromBase64String(state.Hash));
        _size = state.Size;
    }

    /// <summary>The file's version: another one has other bytes.</summary>
    public string Version { get; }

    /// <summary>Bytes that are stored.</summary>
    public long Size
    {
        get
        {
            lock (_gate)
                return _size;
        }
    }

    /// <summary>The hash of these bytes, as Graph writes it.</summary>
    public string Hash
    {
        get
        {
            lock (_gate)
                return _hash.ToBase64();
        }
    }

    /// <summary>The pieces.</summary>
    public IReadOnlyList<BlobId> Blobs
    {
        get
        {
            lock (_gate)
                return [.. _blobs];
        }
    }

    /// <summary>The next piece is stored.</summary>
    public void Add(BlobId blob, ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            _blobs.Add(blob);
            _hash.Append(bytes);
            _size += bytes.Length;
        }
    }

    /// <summary>All of it at one moment.</summary>
    public (PartialState State, IReadOnlyList<BlobId> Blobs) Save()
    {
        lock (_gate)
            return (new PartialState { Version = Version, Size = _size, Hash = Convert.ToBase64String(_hash.Save()) }, [.. _blobs]);
    }
}
