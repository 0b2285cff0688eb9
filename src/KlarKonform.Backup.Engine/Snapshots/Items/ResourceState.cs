using System.Collections.Concurrent;

namespace KlarKonform.Backup.Engine.Snapshots.Items;

/// <summary>
/// What a resource's next run needs besides the item index: cursors, unfinished work, items to try again. One small JSON file.
/// </summary>
internal sealed class ResourceState
{
    /// <summary>Mail, Calendar, Contacts, Directory, OneDrive, SharePoint or WhatsApp.</summary>
    public string Kind { get; set; } = "";

    /// <summary>The user's directory id, or the site's.</summary>
    public string ResourceId { get; set; } = "";

    /// <summary>The user's or site's name when last seen.</summary>
    public string Name { get; set; } = "";

    /// <summary>The path of its content in the snapshot.</summary>
    public IReadOnlyList<string> Path { get; set; } = [];

    /// <summary>The id of the mailbox's root folder.</summary>
    public string? RootId { get; set; }

    /// <summary>Mail: when all folders were last listed, to find those that delta omits; UTC.</summary>
    public DateTimeOffset? FoldersListed { get; set; }

    /// <summary>Mail: ids of the top folders of the dumpster and the archive, by the names used to request them.</summary>
    public ConcurrentDictionary<string, string> SpecialFolders { get; set; } = [];

    /// <summary>Directory: when all photos were last compared; UTC.</summary>
    public DateTimeOffset? PhotosCompared { get; set; }

    /// <summary>OneDrive, SharePoint: cursors of drives and lists, by their ids.</summary>
    public ConcurrentDictionary<string, DeltaState> Deltas { get; set; } = [];

    /// <summary>Foldered sources (mail, calendars, contacts, address book): delta link of the folder hierarchy.</summary>
    public string? Link { get; set; }

    /// <summary>Foldered sources: cursor and count of each folder.</summary>
    public ConcurrentDictionary<string, FolderState> Folders { get; set; } = [];

    /// <summary>
    /// Items that were reported as removed but are still in the snapshot, each with the folders that reported it (foldered sources) or none
    /// (OneDrive). A message that moved twice is reported by both folders, in any order.
    /// </summary>
    public ConcurrentDictionary<string, HashSet<string>> PendingRemovals { get; set; } = [];

    /// <summary>Foldered sources: folders that were reported as removed but are still in the snapshot.</summary>
    public HashSet<string> PendingFolderRemovals { get; set; } = [];

    /// <summary>Number of items stored, not counting folders.</summary>
    public long Items { get; set; }

    /// <summary>Number of kept deleted items by the month in which their deletion was noticed.</summary>
    public SortedDictionary<string, long> Deleted { get; set; } = [];

    /// <summary>Files in progress, by their keys.</summary>
    public ConcurrentDictionary<string, PartialState> Partials { get; set; } = [];

    /// <summary>WhatsApp: what was taken in of exports and spool files, by place and key: the version that was read, or how far.</summary>
    public ConcurrentDictionary<string, string> Inputs { get; set; } = [];

    /// <summary>Items whose properties arrived in an unlikely form: the next run requests them once more, and then accepts them.</summary>
    public ConcurrentDictionary<string, DoubtState> Doubts { get; set; } = [];

    /// <summary>Items to try again, or known to fail permanently.</summary>
    public ConcurrentDictionary<string, ItemFailure> Failures { get; set; } = [];
}
