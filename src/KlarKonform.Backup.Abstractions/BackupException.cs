namespace KlarKonform.Backup;

/// <summary>An error for the admin: one message in the admin's language that names the thing, the reason and the next step.</summary>
public sealed class BackupException : Exception
{
    /// <summary>Creates an error from the text catalog.</summary>
    /// <param name="errorId">Stable id, and the catalog's key.</param>
    /// <param name="category">What kind of error it is.</param>
    /// <param name="target">The thing that it happened to: a configuration's name, a path, a host.</param>
    /// <param name="arguments">Values for the text's placeholders.</param>
    public BackupException(string errorId, BackupErrorCategory category, string? target, params object?[] arguments)
        : base(Texts.Get(errorId, arguments))
    {
        ErrorId = errorId;
        Category = category;
        Target = target;
    }

    /// <summary>Stable id for scripts.</summary>
    public string ErrorId { get; }

    /// <summary>PowerShell's category by name.</summary>
    public BackupErrorCategory Category { get; }

    /// <summary>The thing that it happened to.</summary>
    public string? Target { get; }
}
