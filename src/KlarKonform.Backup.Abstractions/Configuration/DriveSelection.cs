namespace KlarKonform.Backup;

/// <summary>Which drives, and what of a file beyond its content.</summary>
public sealed record DriveSelection : SourceSelection
{
    /// <summary>How many older contents of a file are kept, the newest ones. Null: none.</summary>
    public int? OlderVersions { get; init; }

    /// <summary>Whether the list of a file's versions is kept; it costs two resource units for every file that was edited. Null: yes.</summary>
    public bool? VersionList { get; init; }

    /// <summary>
    /// Whether a file's content type, retention label and columns are kept in its own metadata; it costs one resource unit for every new or
    /// changed file. Null: no. SharePoint's lists hold them in any case.
    /// </summary>
    public bool? Columns { get; init; }

    /// <summary>Whether permissions and sharing links are kept; they cost five resource units for every shared item. Null: yes.</summary>
    public bool? Permissions { get; init; }
}
