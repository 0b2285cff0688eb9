namespace KlarKonform.Backup.Repository.Format;

/// <summary>Why the repository refused.</summary>
public enum RepositoryErrorKind
{
    /// <summary>There is no repository at this location.</summary>
    NotARepository,

    /// <summary>A repository exists already.</summary>
    AlreadyExists,

    /// <summary>The password opens no key.</summary>
    WrongPassword,

    /// <summary>A format version that this program does not write.</summary>
    UnsupportedVersion,

    /// <summary>Stored bytes do not match their hash, their MAC or their format.</summary>
    Damaged,

    /// <summary>Another program holds a lock that excludes this one.</summary>
    Locked,

    /// <summary>Another live process holds a lock for the same purpose: see <see cref="RepositoryException.Holder"/>.</summary>
    PurposeTaken,

    /// <summary>
    /// A lock file cannot be read, so it is unknown whether the lock is held: <see cref="RepositoryException.File"/> names it.
    /// </summary>
    LockUnreadable,

    /// <summary>The key cannot be removed: the repository was opened with it.</summary>
    KeyInUse,

    /// <summary>A blob, tree or snapshot that is referenced is not in the repository.</summary>
    Missing,

    /// <summary>
    /// A listing lacks what is known to exist, or the repository changed while no one else should have worked on it: nothing was removed.
    /// </summary>
    Doubtful,
}
