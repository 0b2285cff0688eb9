namespace KlarKonform.Backup.Engine.Sources.Resources;

/// <summary>One mailbox, drive or site: reads what changed since the stored cursors, and applies it to the resource's store.</summary>
internal interface IResourceSource
{
    /// <summary>Mail, Calendar, Contacts, Directory, OneDrive, SharePoint or WhatsApp.</summary>
    string Kind { get; }

    /// <summary>The user's directory id, or the site's.</summary>
    string ResourceId { get; }

    /// <summary>The user's name, or the site's address.</summary>
    string Name { get; }

    /// <summary>The path of its content in the snapshot.</summary>
    IReadOnlyList<string> Path { get; }

    /// <summary>Applies everything that changed.</summary>
    /// <exception cref="Graph.GraphException">The resource as a whole cannot be read.</exception>
    Task RunAsync(ResourceBackup run, CancellationToken cancellationToken);

    /// <summary>Asks for the resource itself: an error about something in it may apply to that thing only.</summary>
    /// <exception cref="Graph.GraphException">What the resource itself answers.</exception>
    Task ProbeAsync(CancellationToken cancellationToken);
}
