namespace KlarKonform.Backup;

/// <summary>What narrows a run.</summary>
public sealed record BackupOptions
{
    /// <summary>Sources to run (Mail, Calendar, Contacts, Directory, OneDrive, SharePoint); empty means all of the configuration.</summary>
    public IReadOnlyList<string> Sources { get; init; } = [];

    /// <summary>User name patterns; empty means all.</summary>
    public IReadOnlyList<string> Resources { get; init; } = [];

    /// <summary>Forget the delta cursors and compare everything; known items are not downloaded again.</summary>
    public bool Full { get; init; }

    /// <summary>Resources that are read at a time.</summary>
    public int ThrottleLimit { get; init; } = DefaultThrottleLimit;

    /// <summary>Into how many shards the resources are divided, so that several workers share a run; 1: they are not divided.</summary>
    public int ShardCount { get; init; } = 1;

    /// <summary>The shard that this worker takes first, from 0; null: any that nobody works on.</summary>
    public int? ShardIndex { get; init; }

    /// <summary>File of the event log, or null for the configuration's own in the home folder.</summary>
    public string? LogPath { get; init; }

    /// <summary>The most shards of a run: each writes a snapshot of its own until they are merged.</summary>
    public const int MaxShards = 1024;

    /// <summary>Mailboxes do not share a limit at Microsoft, so many run at once; more gain nothing but memory use.</summary>
    public const int DefaultThrottleLimit = 32;
}
