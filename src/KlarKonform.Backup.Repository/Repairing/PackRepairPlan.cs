using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Packs;

namespace KlarKonform.Backup.Repository.Repairing;

/// <summary>What is left of damaged packs.</summary>
/// <param name="Packs">The packs.</param>
/// <param name="Intact">Their blobs that can be read, there or in a retired pack; a repair stores them again.</param>
/// <param name="Lost">Blobs that cannot be read from any pack.</param>
public sealed record PackRepairPlan(IReadOnlyCollection<BlobId> Packs, int Intact, IReadOnlyList<BlobHandle> Lost)
{
    internal IReadOnlyList<(BlobId Pack, PackedBlob Blob)> ToMove { get; init; } = [];

    /// <summary>What can be read from the packs themselves.</summary>
    internal IReadOnlySet<(BlobId Pack, PackedBlob Blob)> Readable { get; init; } = new HashSet<(BlobId Pack, PackedBlob Blob)>();
}
