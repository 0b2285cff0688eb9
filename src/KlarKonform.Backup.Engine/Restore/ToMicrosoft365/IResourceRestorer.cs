using KlarKonform.Backup.Engine.Browsing;

namespace KlarKonform.Backup.Engine.Restore.ToMicrosoft365;

/// <summary>Puts the items of one resource back into Microsoft 365. Thread-safe.</summary>
internal interface IResourceRestorer : IDisposable
{
    /// <summary>How many items to restore concurrently: as many as the service can handle.</summary>
    int Concurrency { get; }

    /// <summary>The target's name for the report.</summary>
    string Place { get; }

    /// <summary>Whether an entry is an item, and not a file that accompanies one.</summary>
    bool IsItem(SnapshotEntry entry);

    /// <summary>Creates a folder if it is missing.</summary>
    Task EnsureFolderAsync(IReadOnlyList<RestoreFolder> folders, CancellationToken cancellationToken);

    /// <summary>Restores an item; null if this restore has already written the same item to the same place.</summary>
    Task<RestoredItem?> RestoreAsync(RestoreItem item, CancellationToken cancellationToken);
}
