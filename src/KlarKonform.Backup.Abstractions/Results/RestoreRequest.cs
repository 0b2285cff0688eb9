namespace KlarKonform.Backup;

/// <summary>What to restore and where: to a folder, or to Microsoft 365.</summary>
public sealed record RestoreRequest
{
    /// <summary>A snapshot's id or its beginning, or <c>latest</c>.</summary>
    public string SnapshotId { get; init; } = "latest";

    /// <summary>Paths in the snapshot; wildcards match within one level.</summary>
    public required IReadOnlyList<string> Paths { get; init; }

    /// <summary>
    /// What the same restore takes from other snapshots. Overlapping paths, and the same version of an item in several snapshots, are
    /// written once.
    /// </summary>
    public IReadOnlyList<RestoreSelection> Further { get; init; } = [];

    /// <summary>Whether to include deleted items that the snapshot keeps. Those whose path is named are always included.</summary>
    public bool IncludeDeleted { get; init; }

    /// <summary>What to do if something exists already.</summary>
    public RestoreConflict Conflict { get; init; }

    /// <summary>The folder to restore to, created if missing; null for a restore to Microsoft 365.</summary>
    public string? Destination { get; init; }

    /// <summary>The layout of the folder.</summary>
    public RestoreLayout Layout { get; init; }

    /// <summary>
    /// Whether the folder contains every item below its full path in the snapshot, which shows whose it is. Otherwise folders begin below
    /// the one that all paths share.
    /// </summary>
    public bool KeepPaths { get; init; }

    /// <summary>The form of mail, events, contacts and the address book in a folder.</summary>
    public RestoreFormat Format { get; init; }

    /// <summary>A CSV file that lists every item; null for none.</summary>
    public string? ReportPath { get; init; }

    /// <summary>Whether to append to an existing report: that of another configuration, restored by the same command.</summary>
    public bool AppendReport { get; init; }

    /// <summary>Where to restore in Microsoft 365; null for a restore to a folder.</summary>
    public CloudRestore? Cloud { get; init; }
}
