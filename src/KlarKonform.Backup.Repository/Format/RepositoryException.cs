namespace KlarKonform.Backup.Repository.Format;

/// <summary>The repository cannot do what was requested.</summary>
public sealed class RepositoryException : Exception
{
    /// <summary>Creates the exception.</summary>
    public RepositoryException(RepositoryErrorKind kind, string message, Exception? inner = null)
        : base(message, inner) => Kind = kind;

    /// <summary>Creates the exception for a lock that is in the way.</summary>
    public RepositoryException(RepositoryErrorKind kind, string message, LockHolder holder)
        : this(kind, message) => Holder = holder;

    /// <summary>What happened.</summary>
    public RepositoryErrorKind Kind { get; }

    /// <summary>The holder of the lock in the way, or null.</summary>
    public LockHolder? Holder { get; }

    /// <summary>The file concerned, as a path below the repository, or null.</summary>
    public string? File { get; init; }
}
