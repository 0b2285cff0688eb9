namespace KlarKonform.Backup.Repository.Format;

/// <summary>What is known of a lock's owner.</summary>
public enum LockEvidence
{
    /// <summary>It was renewed lately by its own time, or while this process looked: its owner lives.</summary>
    Renewed,

    /// <summary>By its time nobody has renewed it for longer than a living owner leaves it. Only watching it tells: clocks differ.</summary>
    Silent,

    /// <summary>Its time has not come yet by far: one of the clocks is wrong, and only watching it tells.</summary>
    FromTheFuture,

    /// <summary>It was watched for longer than a living owner leaves it alone, and nobody renewed it: its owner is dead.</summary>
    Abandoned,

    /// <summary>It was written by a process of this machine, since its last start, that exists no more.</summary>
    ProcessGone,

    /// <summary>The file is empty: an upload that was cut. It keeps nobody out.</summary>
    Empty,

    /// <summary>The file cannot be read. Whether somebody holds it nobody can tell; it keeps others out.</summary>
    Unreadable,

    /// <summary>It was gone at the second look: released, or renewed, which gives it another name.</summary>
    Vanished,
}
