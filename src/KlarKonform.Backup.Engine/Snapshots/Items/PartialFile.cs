using KlarKonform.Backup.Graph.Drives;
using KlarKonform.Backup.Repository.Format;

namespace KlarKonform.Backup.Engine.Snapshots.Items;

/// <summary>A large file in progress: the chunks that are stored, and the state of its hash. Thread-safe.</summary>
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

    /// <summary>Continues with what a checkpoint has.</summary>
    public PartialFile(PartialState state, IEnumerable<BlobId> blobs)
    {
        Version = state.Version;
        _blobs = [.. blobs];
        _hash = new QuickXorHash(Convert.FromBase64String(state.Hash));
        _size = state.Size;
    }

    /// <summary>The file's version: another version has other bytes.</summary>
    public string Version { get; }

    /// <summary>Number of bytes stored.</summary>
    public long Size
    {
        get
        {
            lock (_gate)
                return _size;
        }
    }

    /// <summary>The hash of these bytes, in Graph's format.</summary>
    public string Hash
    {
        get
        {
            lock (_gate)
                return _hash.ToBase64();
        }
    }

    /// <summary>The ids of the chunks.</summary>
    public IReadOnlyList<BlobId> Blobs
    {
        get
        {
            lock (_gate)
                return [.. _blobs];
        }
    }

    /// <summary>Records that the next chunk is stored.</summary>
    public void Add(BlobId blob, ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            _blobs.Add(blob);
            _hash.Append(bytes);
            _size += bytes.Length;
        }
    }

    /// <summary>A consistent copy of everything.</summary>
    public (PartialState State, IReadOnlyList<BlobId> Blobs) Save()
    {
        lock (_gate)
            return (
                new PartialState
                {
                    Version = Version,
                    Size = _size,
                    Hash = Convert.ToBase64String(_hash.Save()),
                },
                [.. _blobs]
            );
    }
}
