using KlarKonform.Backup.Repository.Format;

namespace KlarKonform.Backup.Engine.Restore;

/// <summary>A snapshot of a restore, and what is to be restored from it.</summary>
/// <param name="Snapshot">The snapshot's id.</param>
/// <param name="Root">Its root tree.</param>
internal sealed record RestoreSource(string Snapshot, BlobId Root)
{
    /// <summary>Paths and patterns.</summary>
    public HashSet<string> Paths { get; } = new(StringComparer.Ordinal);
}
