namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>How a hierarchy's folders changed since the last look.</summary>
internal sealed class FolderChanges
{
    /// <summary>New and changed folders; all of them when <see cref="Complete"/>.</summary>
    public Dictionary<string, SourceFolder> Folders { get; } = new(StringComparer.Ordinal);

    /// <summary>Folders that are gone.</summary>
    public HashSet<string> Removed { get; } = new(StringComparer.Ordinal);

    /// <summary>Whether folders that are not mentioned are gone too.</summary>
    public bool Complete { get; set; }

    /// <summary>Entries that named no folder: something exists, but it is unknown what.</summary>
    public int Unread { get; set; }

    /// <summary>Folders that could not be identified, and why.</summary>
    public List<(string Id, Exception Reason)> Odd { get; } = [];

    /// <summary>Where the next look starts; null for a whole listing.</summary>
    public string? Link { get; set; }

    public void Put(SourceFolder folder)
    {
        Removed.Remove(folder.Id);
        Folders[folder.Id] = folder;
    }

    public void Remove(string id)
    {
        Folders.Remove(id);
        Removed.Add(id);
    }
}
