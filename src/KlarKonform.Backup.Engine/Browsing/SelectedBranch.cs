namespace KlarKonform.Backup.Engine.Browsing;

/// <summary>An entry of a snapshot that a selection reaches.</summary>
/// <param name="Entry">The entry.</param>
/// <param name="Wanted">The paths that lead further into it.</param>
/// <param name="IsSelected">Whether it is selected itself, with all below it.</param>
internal sealed record SelectedBranch(SnapshotEntry Entry, List<PathStep> Wanted, bool IsSelected);
