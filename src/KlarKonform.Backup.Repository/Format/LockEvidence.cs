namespace KlarKonform.Backup.Repository.Format;

/// <summary>What is known about a lock's owner.</summary>
public enum LockEvidence
{
    /// <summary>It was renewed recently by its own time, or while this process watched: its owner is alive.</summary>
    Renewed,

    /// <summary>
    /// By its own time it has not been renewed for longer than a living owner would wait. Only watching can confirm it: clocks differ.
    /// </summary>
    Silent,

    /// <summary>Its time is far in the future: one of the clocks is wrong, and only watching can tell.</summary>
    FromTheFuture,

    /// <summary>It was watched for longer than a living owner would wait, and not renewed: its owner is dead.</summary>
    Abandoned,

    /// <summary>It was written by a process of this machine, since its last start, that no longer exists.</summary>
    ProcessGone,

    /// <summary>The file is empty: an interrupted upload. It excludes no one.</summary>
    Empty,

    /// <summary>The file cannot be read. It is unknown whether it is held; it excludes others.</summary>
    Unreadable,

    /// <summary>It was gone at the second look: released, or renewed, which gives it another name.</summary>
    Vanished,
}
