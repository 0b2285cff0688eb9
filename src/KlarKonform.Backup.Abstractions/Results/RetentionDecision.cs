namespace KlarKonform.Backup;

/// <summary>What retention decides about a snapshot.</summary>
/// <param name="SnapshotId">The snapshot.</param>
/// <param name="Taken">When it was taken.</param>
/// <param name="Keep">Whether it stays.</param>
/// <param name="Reasons">The rules and holds that keep it; empty if it is removed.</param>
public sealed record RetentionDecision(string SnapshotId, DateTimeOffset Taken, bool Keep, IReadOnlyList<string> Reasons);
