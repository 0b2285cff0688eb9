using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Snapshots;

namespace KlarKonform.Backup.Repository.Repairing;

/// <summary>A snapshot of which something cannot be read.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Snapshot">The snapshot.</param>
/// <param name="Lost">Paths of files that cannot be read completely, and, with a slash at the end, of folders whose entries cannot be
/// read.</param>
public sealed record SnapshotRepairPlan(BlobId Id, Snapshot Snapshot, IReadOnlyList<string> Lost)
{
    internal TreeDamage Damage { get; init; } = new();
}
