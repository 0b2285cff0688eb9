using KlarKonform.Backup.Engine.Browsing;

namespace KlarKonform.Backup.Engine.Restore.ToFolder;

/// <summary>An item on its way into a file with others.</summary>
/// <param name="File">The file.</param>
/// <param name="Entry">The item.</param>
/// <param name="Folder">Where it lies as a file of its own, if it cannot be put into the other.</param>
internal sealed record WaitingItem(CombinedFile File, SnapshotEntry Entry, RestoreLevel Folder);
