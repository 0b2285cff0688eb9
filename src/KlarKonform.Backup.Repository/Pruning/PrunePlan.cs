using KlarKonform.Backup.Repository.Packs;

namespace KlarKonform.Backup.Repository.Pruning;

/// <summary>What a prune would do, computed before anything is touched. Sizes are bytes.</summary>
public sealed record PrunePlan
{
    /// <summary>Snapshots that go.</summary>
    public required IReadOnlyList<BlobId> Forget { get; init; }

    /// <summary>Packs that hold nothing that a remaining snapshot needs, or that no index names.</summary>
    public required IReadOnlyList<BlobId> Delete { get; init; }

    /// <summary>Packs of which a part is needed: that part is written anew, then they go.</summary>
    public required IReadOnlyList<BlobId> Repack { get; init; }

    /// <summary>Bytes of the packs that go.</summary>
    public required long BytesRemoved { get; init; }

    /// <summary>Bytes that are written anew.</summary>
    public required long BytesRepacked { get; init; }

    /// <summary>Bytes that the storage shrinks by, about.</summary>
    public long BytesFreed => BytesRemoved - BytesRepacked;

    /// <summary>Packs that stay, with the blobs in them.</summary>
    internal IReadOnlyDictionary<BlobId, IReadOnlyList<PackedBlob>> Kept { get; init; } = null!;

    /// <summary>Needed blobs of the packs to repack.</summary>
    internal IReadOnlyList<PackedBlob> Moved { get; init; } = null!;

    /// <summary>Blobs of index files that list trees: trees and state, which stay apart from content.</summary>
    internal IReadOnlySet<BlobId> Metadata { get; init; } = null!;

    /// <summary>Index files that the plan was made from, with the packs that each names; they go once the new index is durable.</summary>
    internal IReadOnlyDictionary<BlobId, IReadOnlyCollection<BlobId>> OldIndexes { get; init; } = null!;
}
