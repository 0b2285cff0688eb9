using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Snapshots;

namespace KlarKonform.Backup.Engine.Snapshots;

/// <summary>What a snapshot's tags say: restic shows them, other programs keep them. These words are stored: they never change.</summary>
internal static class SnapshotTags
{
    /// <summary>Followed by the configuration's id.</summary>
    public const string Configuration = "config:";

    /// <summary>Followed by the run's id.</summary>
    public const string Run = "run:";

    /// <summary>Followed by how the run stood, in lower case.</summary>
    public const string Status = "status:";

    /// <summary>A snapshot of a run that went on, or that was stopped.</summary>
    public const string Checkpoint = "checkpoint";

    /// <summary>Which packs and index files there were when the snapshot was verified: see <see cref="FileSetDigest"/>.</summary>
    public const string Files = "files:";

    /// <summary>Which packs and index files a shard has written up to its checkpoint.</summary>
    public const string Written = "written:";

    /// <summary>Whether a snapshot bears a tag.</summary>
    public static bool Has(this Snapshot snapshot, string tag) => snapshot.Tags?.Contains(tag) == true;

    /// <summary>What follows the first tag that begins so, or null.</summary>
    public static string? ValueOf(this Snapshot snapshot, string prefix) =>
        snapshot.Tags?.FirstOrDefault(tag => tag.StartsWith(prefix, StringComparison.Ordinal))?[prefix.Length..];

    /// <summary>Whether it is a snapshot of a run that went on, or that was stopped.</summary>
    public static bool IsCheckpoint(this Snapshot snapshot) => snapshot.Has(Checkpoint);

    /// <summary>
    /// How a snapshot's run stood when it wrote it; Running for a checkpoint of a run that went on, Partial where nothing says.
    /// </summary>
    public static BackupState StatusOf(this Snapshot snapshot) =>
        Enum.TryParse<BackupState>(snapshot.ValueOf(Status), ignoreCase: true, out var status) ? status : BackupState.Partial;

    /// <summary>
    /// What a snapshot says of the packs and index files that there were when it was verified, or null: a checkpoint never was.
    /// </summary>
    public static FileSetDigest? FilesVerified(this Snapshot snapshot) => snapshot.CensusOf(Files);

    /// <summary>What a checkpoint says of the packs and index files that were written for it, or null when nobody counted.</summary>
    public static FileSetDigest? FilesWritten(this Snapshot snapshot) => snapshot.CensusOf(Written);

    /// <summary>The newest complete one of snapshots that are sorted by age, or null.</summary>
    public static StoredSnapshot? LastComplete(this IReadOnlyList<StoredSnapshot> snapshots)
    {
        for (var i = snapshots.Count - 1; i >= 0; i--)
        {
            if (!snapshots[i].Snapshot.IsCheckpoint())
                return snapshots[i];
        }

        return null;
    }

    private static FileSetDigest? CensusOf(this Snapshot snapshot, string kind) =>
        FileSetDigest.TryParse(snapshot.ValueOf(kind) ?? "", out var census) ? census : null;
}
