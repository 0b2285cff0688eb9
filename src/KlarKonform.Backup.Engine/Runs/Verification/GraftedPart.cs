using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Snapshots;

namespace KlarKonform.Backup.Engine.Runs.Verification;

/// <summary>What a merged snapshot took over from a shard.</summary>
/// <param name="Root">The root of the shard's snapshot.</param>
/// <param name="Summary">What the shard counted; null when it did not.</param>
/// <param name="Trees">The trees that were taken over, with all below them.</param>
/// <param name="IsWhole">Whether that is all that the shard has done.</param>
internal sealed record GraftedPart(BlobId Root, SnapshotSummary? Summary, IReadOnlySet<BlobId> Trees, bool IsWhole);
