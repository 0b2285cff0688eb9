using System.Text.Json;
using System.Text.Json.Serialization;

namespace KlarKonform.Backup.Repository.Snapshots;

/// <summary>
/// What a backup did, as restic 0.17 and later write it into a snapshot (its SnapshotSummary) and show it. New, changed and unmodified are
/// relative to the previous snapshot, by path; sizes are in bytes.
/// </summary>
public sealed record SnapshotSummary
{
    /// <summary>When the backup began, RFC 3339 with nanoseconds.</summary>
    [JsonPropertyName("backup_start")]
    public required string BackupStart { get; init; }

    /// <summary>When it ended, RFC 3339 with nanoseconds.</summary>
    [JsonPropertyName("backup_end")]
    public required string BackupEnd { get; init; }

    /// <summary>Files at paths where there was none.</summary>
    [JsonPropertyName("files_new")]
    public long FilesNew { get; init; }

    /// <summary>Files whose content or metadata differs.</summary>
    [JsonPropertyName("files_changed")]
    public long FilesChanged { get; init; }

    /// <summary>All other files of the snapshot.</summary>
    [JsonPropertyName("files_unmodified")]
    public long FilesUnmodified { get; init; }

    /// <summary>Folders at paths where there was none.</summary>
    [JsonPropertyName("dirs_new")]
    public long DirsNew { get; init; }

    /// <summary>Folders whose metadata or contents differ at any depth.</summary>
    [JsonPropertyName("dirs_changed")]
    public long DirsChanged { get; init; }

    /// <summary>All other folders of the snapshot.</summary>
    [JsonPropertyName("dirs_unmodified")]
    public long DirsUnmodified { get; init; }

    /// <summary>Blobs of file content that were stored.</summary>
    [JsonPropertyName("data_blobs")]
    public long DataBlobs { get; init; }

    /// <summary>Trees that were stored.</summary>
    [JsonPropertyName("tree_blobs")]
    public long TreeBlobs { get; init; }

    /// <summary>Size of those blobs and trees.</summary>
    [JsonPropertyName("data_added")]
    public long DataAdded { get; init; }

    /// <summary>Size of the packs that they became.</summary>
    [JsonPropertyName("data_added_packed")]
    public long DataAddedPacked { get; init; }

    /// <summary>Files of the snapshot.</summary>
    [JsonPropertyName("total_files_processed")]
    public long TotalFilesProcessed { get; init; }

    /// <summary>Size of the snapshot's files.</summary>
    [JsonPropertyName("total_bytes_processed")]
    public long TotalBytesProcessed { get; init; }

    /// <summary>Fields of other programs, kept as they are.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Other { get; init; }
}
