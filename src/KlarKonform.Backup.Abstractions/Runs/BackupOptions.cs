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

    /// <summary>File of the event log, or null for the configuration's own in the home folder.</summary>
    public string? LogPath { get; init; }

    /// <summary>Mailboxes do not share a limit at Microsoft, so many run at once; more gain nothing but memory use.</summary>
    public const int DefaultThrottleLimit = 32;
}
