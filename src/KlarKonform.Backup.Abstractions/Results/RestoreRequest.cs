namespace KlarKonform.Backup;

/// <summary>What to restore and where to: to a folder, or to Microsoft 365.</summary>
public sealed record RestoreRequest
{
    /// <summary>A snapshot's id or its beginning, or <c>latest</c>.</summary>
    public string SnapshotId { get; init; } = "latest";

    /// <summary>Paths in the snapshot; wildcards match within one level.</summary>
    public required IReadOnlyList<string> Paths { get; init; }

    /// <summary>
    /// What the same restore brings out of other snapshots. Paths that overlap, and the same version of an item that several snapshots
    /// hold, are written once.
    /// </summary>
    public IReadOnlyList<RestoreSelection> Further { get; init; } = [];

    /// <summary>Whether deleted items that the snapshot keeps come too. Those whose path is named always do.</summary>
    public bool IncludeDeleted { get; init; }

    /// <summary>What is done where something is there already.</summary>
    public RestoreConflict Conflict { get; init; }

    /// <summary>The folder to restore to, created when missing; null for a restore to Microsoft 365.</summary>
    public string? Destination { get; init; }

    /// <summary>How a folder is laid out.</summary>
    public RestoreLayout Layout { get; init; }

    /// <summary>
    /// Whether a folder holds every item below its whole path in the snapshot, so that one can tell whose it is. Without it folders begin
    /// below the one that all paths share.
    /// </summary>
    public bool KeepPaths { get; init; }

    /// <summary>In which form a folder holds mail, events, contacts and the address book.</summary>
    public RestoreFormat Format { get; init; }

    /// <summary>A CSV file that lists every item; null for none.</summary>
    public string? ReportPath { get; init; }

    /// <summary>Whether the report goes on in a file that is there: that of another configuration, restored by the same command.</summary>
    public bool AppendReport { get; init; }

    /// <summary>Where to in Microsoft 365; null for a restore to a folder.</summary>
    public CloudRestore? Cloud { get; init; }
}
