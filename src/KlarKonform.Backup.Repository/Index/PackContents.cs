using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Packs;

namespace KlarKonform.Backup.Repository.Index;

/// <summary>A pack and the blobs that an index lists in it.</summary>
/// <param name="Pack">The pack.</param>
/// <param name="Blobs">What lies in it. Of a retired pack that no index ever named: none.</param>
internal readonly record struct PackContents(BlobId Pack, IReadOnlyList<PackedBlob> Blobs)
{
    /// <summary>
    /// Since when nothing needs the pack, or null for one that is in use. Nobody may rely on what lies in a retired pack, and a prune deletes
    /// it once it has been retired for long enough: until then whoever needed something of it after all finds it.
    /// </summary>
    public DateTimeOffset? Retired { get; init; }

    /// <summary>
    /// Whether an index file is one for trees and state. A writer of ours puts nothing else where there are trees; other programs mix, and
    /// their large files are not taken for one.
    /// </summary>
    public static bool AreMetadata(IReadOnlyCollection<PackContents> file) =>
        file.Any(pack => pack.Retired is null && pack.Blobs.Count > 0 && pack.Blobs[0].Kind == BlobKind.Tree)
        && file.Sum(pack => pack.Blobs.Count) <= IndexJson.BlobsPerIndex;
}
