using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Snapshots;

namespace KlarKonform.Backup.Engine.Runs.Verification;

/// <summary>What a merged snapshot took over from a shard.</summary>
/// <param name="Root">The root of the shard's snapshot.</param>
/// <param name="Summary">What the shard counted; null if it did not count.</param>
/// <param name="Trees">The trees that were taken over, with everything below them.</param>
/// <param name="IsWhole">Whether that is everything the shard has done.</param>
internal sealed record GraftedPart(BlobId Root, SnapshotSummary? Summary, IReadOnlySet<BlobId> Trees, bool IsWhole);
