namespace KlarKonform.Backup;

/// <summary>Paths in a snapshot.</summary>
/// <param name="SnapshotId">The snapshot's id or its beginning, or <c>latest</c>.</param>
/// <param name="Paths">Paths in it; wildcards match within one level.</param>
public sealed record RestoreSelection(string SnapshotId, IReadOnlyList<string> Paths);
