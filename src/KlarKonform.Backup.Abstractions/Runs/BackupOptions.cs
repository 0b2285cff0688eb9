namespace KlarKonform.Backup;

/// <summary>Options that restrict a run.</summary>
public sealed record BackupOptions
{
    /// <summary>
    /// Sources to run (Mail, Calendar, Contacts, Directory, OneDrive, SharePoint, WhatsApp); empty means all of the configuration.
    /// </summary>
    public IReadOnlyList<string> Sources { get; init; } = [];

    /// <summary>Patterns of user names; empty means all.</summary>
    public IReadOnlyList<string> Resources { get; init; } = [];

    /// <summary>Ignore the delta cursors and compare everything; known items are not downloaded again.</summary>
    public bool Full { get; init; }

    /// <summary>How many resources to read concurrently.</summary>
    public int ThrottleLimit { get; init; } = DefaultThrottleLimit;

    /// <summary>
    /// Number of shards into which the resources are divided, so that several workers share a run; 1: they are not divided.
    /// </summary>
    public int ShardCount { get; init; } = 1;

    /// <summary>The shard that this worker takes first, from 0; null: any free one.</summary>
    public int? ShardIndex { get; init; }

    /// <summary>File of the event log, or null for the configuration's own file in the home folder.</summary>
    public string? LogPath { get; init; }

    /// <summary>Maximum number of shards of a run: each writes a snapshot of its own until they are merged.</summary>
    public const int MaxShards = 1024;

    /// <summary>
    /// Mailboxes do not share a limit at Microsoft, so many are read concurrently; more gain nothing and only use memory.
    /// </summary>
    public const int DefaultThrottleLimit = 32;
}
