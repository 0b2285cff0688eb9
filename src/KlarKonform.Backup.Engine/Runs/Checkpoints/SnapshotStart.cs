using KlarKonform.Backup.Engine.Runs.Verification;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Snapshots;

namespace KlarKonform.Backup.Engine.Runs.Checkpoints;

/// <summary>Where a run's snapshots begin, and what they have in common.</summary>
/// <param name="Previous">The snapshot that they continue, or null.</param>
internal sealed record SnapshotStart(StoredSnapshot? Previous)
{
    /// <summary>Additional tags for all of them.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>
    /// Which packs and index files were written for the snapshot being continued, the starting count of every checkpoint; null if they were
    /// not counted.
    /// </summary>
    public FileSetDigest? Carried { get; init; }

    /// <summary>A time that they must be younger than, however the workers' clocks differ; null if there is none.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>What else is in the repository, for manifest and tags; null where a checkpoint of a shard has no need to say.</summary>
    public Inventory? Inventory { get; init; }
}
