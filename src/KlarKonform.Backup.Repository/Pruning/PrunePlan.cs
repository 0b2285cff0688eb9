using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Index;
using KlarKonform.Backup.Repository.Packs;

namespace KlarKonform.Backup.Repository.Pruning;

/// <summary>What a prune would do, computed before anything is changed. Sizes are in bytes.</summary>
public sealed record PrunePlan
{
    /// <summary>Snapshots to remove.</summary>
    public required IReadOnlyList<BlobId> Forget { get; init; }

    /// <summary>Packs to delete: retired long enough ago, and needed by nothing.</summary>
    public required IReadOnlyCollection<BlobId> Delete { get; init; }

    /// <summary>
    /// Packs without anything that a remaining snapshot needs, or that are not in any index: removed from the index, and deleted by a later
    /// prune.
    /// </summary>
    public required IReadOnlyList<BlobId> Retire { get; init; }

    /// <summary>Packs that are partly needed: that part is repacked, then they are retired.</summary>
    public required IReadOnlyList<BlobId> Repack { get; init; }

    /// <summary>
    /// Retired packs of which something is needed after all: included in <see cref="Repack"/>, never returned as they are.
    /// </summary>
    public required IReadOnlyList<BlobId> Recover { get; init; }

    /// <summary>Bytes of the packs to delete now.</summary>
    public required long BytesRemoved { get; init; }

    /// <summary>Bytes of the packs that are retired and deleted by a later prune, including those retired before.</summary>
    public required long BytesRetired { get; init; }

    /// <summary>Bytes to repack.</summary>
    public required long BytesRepacked { get; init; }

    /// <summary>Approximate number of bytes by which the storage shrinks at once; negative if more is repacked than deleted.</summary>
    public long BytesFreed => BytesRemoved - BytesRepacked;

    /// <summary>Packs that stay in the index, with their blobs.</summary>
    internal IReadOnlyList<PackContents> Kept { get; init; } = null!;

    /// <summary>Packs that are no longer in the index but still exist, with the time since when.</summary>
    internal IReadOnlyList<PackContents> Retired { get; init; } = null!;

    /// <summary>Packs at the storage with their sizes.</summary>
    internal IReadOnlyDictionary<BlobId, long> Stored { get; init; } = null!;

    /// <summary>Needed blobs of the packs to repack.</summary>
    internal IReadOnlyList<(BlobId Pack, PackedBlob Blob)> Moved { get; init; } = null!;

    /// <summary>Blobs of index files that list trees: trees and state, which are kept separate from content.</summary>
    internal IReadOnlySet<BlobHandle> Metadata { get; init; } = null!;

    /// <summary>
    /// Index files from which the plan was made, with the packs that each names; they are removed once the new index is durable.
    /// </summary>
    internal IReadOnlyDictionary<BlobId, IReadOnlyCollection<BlobId>> OldIndexes { get; init; } = null!;

    /// <summary>The snapshots that determined what is needed.</summary>
    internal IReadOnlySet<BlobId> Remaining { get; init; } = null!;
}
