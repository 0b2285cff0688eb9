using KlarKonform.Backup.Repository.Format;

namespace KlarKonform.Backup.Repository.Writing;

/// <summary>A stored file's content.</summary>
/// <param name="Blobs">Its data blobs in order.</param>
/// <param name="Size">Its length in bytes.</param>
public sealed record SavedContent(IReadOnlyList<BlobId> Blobs, long Size);
