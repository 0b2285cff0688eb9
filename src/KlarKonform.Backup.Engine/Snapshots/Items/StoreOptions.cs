namespace KlarKonform.Backup.Engine.Snapshots.Items;

/// <summary>How a <see cref="ResourceStore"/> works.</summary>
/// <param name="MaxLoaded">Most nodes to keep in memory (index entries: twelve times as many). Above that, they are saved and
/// unloaded.</param>
/// <param name="KeepsDeleted">Whether removed items stay below <see cref="DeletedItems.Folder"/>.</param>
/// <param name="Abandon">Cancels even a change in progress: the run was stopped, and the storage does not answer.</param>
internal sealed record StoreOptions(Func<int> MaxLoaded, bool KeepsDeleted, CancellationToken Abandon);
