using KlarKonform.Backup.Repository.Format;

namespace KlarKonform.Backup.Repository.Snapshots;

/// <summary>A snapshot with the id under which it is stored.</summary>
/// <param name="Id">The id: the SHA-256 of its file.</param>
/// <param name="Snapshot">What the file says.</param>
public readonly record struct StoredSnapshot(BlobId Id, Snapshot Snapshot);
