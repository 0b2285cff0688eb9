namespace KlarKonform.Backup.Repository;

/// <summary>The repository cannot do what was asked.</summary>
public sealed class RepositoryException : Exception
{
    /// <summary>Creates the exception.</summary>
    public RepositoryException(RepositoryErrorKind kind, string message, Exception? inner = null)
        : base(message, inner) => Kind = kind;

    /// <summary>What happened.</summary>
    public RepositoryErrorKind Kind { get; }
}
