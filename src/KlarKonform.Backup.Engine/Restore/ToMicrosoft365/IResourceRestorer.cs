using KlarKonform.Backup.Engine.Browsing;

namespace KlarKonform.Backup.Engine.Restore.ToMicrosoft365;

/// <summary>Puts the items of one resource back into Microsoft 365. Thread-safe.</summary>
internal interface IResourceRestorer : IDisposable
{
    /// <summary>Items at a time: as many as the service answers.</summary>
    int Concurrency { get; }

    /// <summary>The place, for the report.</summary>
    string Place { get; }

    /// <summary>Whether an entry is an item, and not a file that belongs to one.</summary>
    bool IsItem(SnapshotEntry entry);

    /// <summary>Makes a folder if it is not there.</summary>
    Task EnsureFolderAsync(IReadOnlyList<RestoreFolder> folders, CancellationToken cancellationToken);

    /// <summary>Restores an item; null when this restore has written the very same to the same place.</summary>
    Task<RestoredItem?> RestoreAsync(RestoreItem item, CancellationToken cancellationToken);
}
