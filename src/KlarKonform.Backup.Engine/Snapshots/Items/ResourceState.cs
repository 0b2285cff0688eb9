using System.Collections.Concurrent;

namespace KlarKonform.Backup.Engine.Snapshots.Items;

/// <summary>What a resource's next run must know, besides the item index: cursors, open ends, items to try again. One small JSON file.</summary>
internal sealed class ResourceState
{
    /// <summary>Mail, Calendar, Contacts, Directory, OneDrive or SharePoint.</summary>
    public string Kind { get; set; } = "";

    /// <summary>The user's directory id, or the site's.</summary>
    public string ResourceId { get; set; } = "";

    /// <summary>The user's or site's name when last seen.</summary>
    public string Name { get; set; } = "";

    /// <summary>The path of its content in the snapshot.</summary>
    public IReadOnlyList<string> Path { get; set; } = [];

    /// <summary>The id of the mailbox's root folder.</summary>
    public string? RootId { get; set; }

    /// <summary>Mail: when all folders were last listed, to find those that delta leaves out; UTC.</summary>
    public DateTimeOffset? FoldersListed { get; set; }

    /// <summary>Mail: ids of the dumpster's and the archive's top folders, by the names that they were asked for.</summary>
    public ConcurrentDictionary<string, string> SpecialFolders { get; set; } = [];

    /// <summary>Directory: when all photos were last compared; UTC.</summary>
    public DateTimeOffset? PhotosCompared { get; set; }

    /// <summary>OneDrive, SharePoint: cursors of drives and lists, by their ids.</summary>
    public ConcurrentDictionary<string, DeltaState> Deltas { get; set; } = [];

    /// <summary>Mail: delta link of the folder hierarchy.</summary>
    public string? Link { get; set; }

    /// <summary>Mail: per folder its cursor and count.</summary>
    public ConcurrentDictionary<string, FolderState> Folders { get; set; } = [];

    /// <summary>
    /// Items that were reported as removed and are not gone from the snapshot yet, each with the folders that reported it (mail) or
    /// none (OneDrive). A message that moved twice is reported by both folders, in any order.
    /// </summary>
    public ConcurrentDictionary<string, HashSet<string>> PendingRemovals { get; set; } = [];

    /// <summary>Mail: folders that were reported as removed and are not gone from the snapshot yet.</summary>
    public HashSet<string> PendingFolderRemovals { get; set; } = [];

    /// <summary>Items stored, folders not counted.</summary>
    public long Items { get; set; }

    /// <summary>Deleted items that are kept, by the month in which they were found to be gone: how many.</summary>
    public SortedDictionary<string, long> Deleted { get; set; } = [];

    /// <summary>Files that were under way, by their keys.</summary>
    public ConcurrentDictionary<string, PartialState> Partials { get; set; } = [];

    /// <summary>WhatsApp: what was taken in of exports and spool files, by place and key: the version that was read, or how far.</summary>
    public ConcurrentDictionary<string, string> Inputs { get; set; } = [];

    /// <summary>Items whose properties arrived in an unlikely form: the next run asks for them once more, and then believes it.</summary>
    public ConcurrentDictionary<string, DoubtState> Doubts { get; set; } = [];

    /// <summary>Items to try again, or known to fail for good.</summary>
    public ConcurrentDictionary<string, ItemFailure> Failures { get; set; } = [];
}
