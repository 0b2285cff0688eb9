namespace KlarKonform.Backup;

/// <summary>A snapshot that has lost something.</summary>
/// <param name="SnapshotId">Its id.</param>
/// <param name="Taken">When it was taken; UTC.</param>
/// <param name="Lost">Paths of files that cannot be read completely, and, with a slash at the end, of folders whose entries cannot be
/// read.</param>
/// <param name="NewSnapshotId">The copy without what is lost; null for a plan.</param>
public sealed record RepairedSnapshot(string SnapshotId, DateTimeOffset Taken, IReadOnlyList<string> Lost, string? NewSnapshotId);
