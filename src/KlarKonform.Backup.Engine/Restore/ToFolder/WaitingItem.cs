using KlarKonform.Backup.Engine.Browsing;

namespace KlarKonform.Backup.Engine.Restore.ToFolder;

/// <summary>An item that waits to be added to a combined file.</summary>
/// <param name="File">The combined file.</param>
/// <param name="Entry">The item.</param>
/// <param name="Folder">Where it is written as a file of its own, if it cannot be added to the combined file.</param>
internal sealed record WaitingItem(CombinedFile File, SnapshotEntry Entry, RestoreLevel Folder);
