namespace KlarKonform.Backup;

/// <summary>Which drives to back up, and what of a file beyond its content.</summary>
public sealed record DriveSelection : SourceSelection
{
    /// <summary>How many older versions of a file's content to keep, newest first. Null: none.</summary>
    public int? OlderVersions { get; init; }

    /// <summary>
    /// Whether to keep the list of a file's versions; it costs two resource units for every file that was edited. Null: yes.
    /// </summary>
    public bool? VersionList { get; init; }

    /// <summary>
    /// Whether to keep a file's content type, retention label and columns in its own metadata; it costs one resource unit for every new or
    /// changed file. Null: no. SharePoint's lists contain them in any case.
    /// </summary>
    public bool? Columns { get; init; }

    /// <summary>Whether to keep permissions and sharing links; they cost five resource units for every shared item. Null: yes.</summary>
    public bool? Permissions { get; init; }
}
