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
}
