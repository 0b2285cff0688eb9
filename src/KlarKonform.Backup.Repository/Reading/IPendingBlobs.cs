using KlarKonform.Backup.Repository.Format;

namespace KlarKonform.Backup.Repository.Reading;

/// <summary>Blobs that were taken and are in no stored pack yet. Thread-safe.</summary>
public interface IPendingBlobs
{
    /// <summary>A blob's plain bytes, or null when it is not among them.</summary>
    byte[]? ReadPending(BlobHandle wanted);
}
