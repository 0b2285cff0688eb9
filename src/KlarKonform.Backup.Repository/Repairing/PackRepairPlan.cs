using KlarKonform.Backup.Repository.Packs;

namespace KlarKonform.Backup.Repository.Repairing;

/// <summary>What is left of damaged packs.</summary>
/// <param name="Packs">The packs.</param>
/// <param name="Intact">Blobs in them that can be read; a repair stores them anew.</param>
/// <param name="Lost">Blobs that cannot be read from any pack.</param>
public sealed record PackRepairPlan(IReadOnlyCollection<BlobId> Packs, int Intact, IReadOnlyList<BlobHandle> Lost)
{
    internal IReadOnlyList<(BlobId Pack, PackedBlob Blob)> ToMove { get; init; } = [];
}
