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

    private BackupException(string message, string errorId, BackupErrorCategory category, string? target, Exception? cause)
        : base(message, cause)
    {
        ErrorId = errorId;
        Category = category;
        Target = target;
    }

    /// <summary>The id of an error that nobody foresaw: a fault of this product.</summary>
    public const string UnexpectedId = "Unexpected";

    /// <summary>Stable id for scripts.</summary>
    public string ErrorId { get; }

    /// <summary>PowerShell's category by name.</summary>
    public BackupErrorCategory Category { get; }

    /// <summary>The thing that it happened to.</summary>
    public string? Target { get; }

    /// <summary>Since when that which stands in the way is there, such as another run; UTC, null when nobody knows.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>
    /// For an error that nobody foresaw: types and stacks of its exceptions, without their messages, which may hold content; else null.
    /// This is what goes into logs; the messages are in <see cref="Exception.InnerException"/> alone.
    /// </summary>
    public string? Details { get; private init; }

    /// <summary>Creates an error whose text is another one than its id's, because what is known of the cause differs.</summary>
    /// <param name="text">The catalog's key.</param>
    /// <param name="errorId">Stable id.</param>
    /// <param name="category">What kind of error it is.</param>
    /// <param name="target">The thing that it happened to.</param>
    /// <param name="arguments">Values for the text's placeholders.</param>
    public static BackupException WithText(string text, string errorId, BackupErrorCategory category, string? target, params object?[] arguments) =>
        new(Texts.Get(text, arguments), errorId, category, target, (Exception?)null);

    /// <summary>An error that nobody foresaw. Its message names the exception's type and place, never the exception's message.</summary>
    /// <param name="cause">What was thrown.</param>
    /// <param name="target">The thing that it happened to.</param>
    public static BackupException Unexpected(Exception cause, string? target)
    {
        var message = Texts.Get(UnexpectedId, ForeignException.Summary(cause));
        return new BackupException(message, UnexpectedId, BackupErrorCategory.NotSpecified, target, ForeignException.Of(cause)) { Details = ForeignException.Stacks(cause) };
    }
}
