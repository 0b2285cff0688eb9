using KlarKonform.Backup.Repository.Packs;

namespace KlarKonform.Backup.Repository.Index;

/// <summary>A pack and the blobs that an index lists in it.</summary>
internal readonly record struct PackContents(BlobId Pack, IReadOnlyList<PackedBlob> Blobs)
{
    /// <summary>
    /// Whether an index file is one for trees and state. A writer of ours puts nothing else where there are trees; other programs mix, and
    /// their large files are not taken for one.
    /// </summary>
    public static bool AreMetadata(IReadOnlyCollection<PackContents> file) =>
        file.Any(pack => pack.Blobs.Count > 0 && pack.Blobs[0].Kind == BlobKind.Tree) && file.Sum(pack => pack.Blobs.Count) <= ResticRepository.BlobsPerIndex;
}
