using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Packs;

namespace KlarKonform.Backup.Repository.Index;

/// <summary>A pack and the blobs that an index lists in it.</summary>
/// <param name="Pack">The pack.</param>
/// <param name="Blobs">Its blobs; empty for a retired pack that no index ever described.</param>
internal readonly record struct PackContents(BlobId Pack, IReadOnlyList<PackedBlob> Blobs)
{
    /// <summary>
    /// Since when nothing needs the pack, or null if it is in use. Nothing may rely on a retired pack, and a prune deletes it once it has
    /// been retired for long enough: until then, a writer that needs something from it after all still finds it.
    /// </summary>
    public DateTimeOffset? Retired { get; init; }

    /// <summary>
    /// Whether an index file is for trees and state. Our writer puts nothing else into a file with trees; other programs mix them, and
    /// their large files are not taken for one.
    /// </summary>
    public static bool AreMetadata(IReadOnlyCollection<PackContents> file) =>
        file.Any(pack => pack.Retired is null && pack.Blobs.Count > 0 && pack.Blobs[0].Kind == BlobKind.Tree)
        && file.Sum(pack => pack.Blobs.Count) <= IndexJson.BlobsPerIndex;
}
