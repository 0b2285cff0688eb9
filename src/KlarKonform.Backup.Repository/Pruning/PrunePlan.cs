using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Index;
using KlarKonform.Backup.Repository.Packs;

namespace KlarKonform.Backup.Repository.Pruning;

/// <summary>What a prune would do, computed before anything is touched. Sizes are bytes.</summary>
public sealed record PrunePlan
{
    /// <summary>Snapshots that go.</summary>
    public required IReadOnlyList<BlobId> Forget { get; init; }

    /// <summary>Packs that were retired long enough ago, that nothing needs and that go.</summary>
    public required IReadOnlyCollection<BlobId> Delete { get; init; }

    /// <summary>Packs that hold nothing that a remaining snapshot needs, or that no index names: out of the index, and deleted by a later prune.</summary>
    public required IReadOnlyList<BlobId> Retire { get; init; }

    /// <summary>Packs of which a part is needed: that part is written anew, then they are retired.</summary>
    public required IReadOnlyList<BlobId> Repack { get; init; }

    /// <summary>Packs that were retired and of which something is needed after all: among those of <see cref="Repack"/>, never back as they are.</summary>
    public required IReadOnlyList<BlobId> Recover { get; init; }

    /// <summary>Bytes of the packs that go now.</summary>
    public required long BytesRemoved { get; init; }

    /// <summary>Bytes of the packs that are retired and go with a later prune, those retired before included.</summary>
    public required long BytesRetired { get; init; }

    /// <summary>Bytes that are written anew.</summary>
    public required long BytesRepacked { get; init; }

    /// <summary>Bytes that the storage shrinks by at once, about; negative when more is written anew than goes.</summary>
    public long BytesFreed => BytesRemoved - BytesRepacked;

    /// <summary>Packs that stay in the index, with the blobs in them.</summary>
    internal IReadOnlyList<PackContents> Kept { get; init; } = null!;

    /// <summary>Packs that are out of the index and still there, since when.</summary>
    internal IReadOnlyList<PackContents> Retired { get; init; } = null!;

    /// <summary>Packs at the storage with their sizes.</summary>
    internal IReadOnlyDictionary<BlobId, long> Stored { get; init; } = null!;

    /// <summary>Needed blobs of the packs to repack.</summary>
    internal IReadOnlyList<(BlobId Pack, PackedBlob Blob)> Moved { get; init; } = null!;

    /// <summary>Blobs of index files that list trees: trees and state, which stay apart from content.</summary>
    internal IReadOnlySet<BlobHandle> Metadata { get; init; } = null!;

    /// <summary>Index files that the plan was made from, with the packs that each names; they go once the new index is durable.</summary>
    internal IReadOnlyDictionary<BlobId, IReadOnlyCollection<BlobId>> OldIndexes { get; init; } = null!;

    /// <summary>The snapshots from which it was told what is needed.</summary>
    internal IReadOnlySet<BlobId> Remaining { get; init; } = null!;
}
