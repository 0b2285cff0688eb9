namespace KlarKonform.Backup;

/// <summary>An error for the admin: one message in the admin's language that names the object, the reason and the next step.</summary>
public sealed class BackupException : Exception
{
    /// <summary>Creates an error from the text catalog.</summary>
    /// <param name="errorId">One of <see cref="ErrorIds"/>, which is also the catalog's key.</param>
    /// <param name="category">What kind of error it is.</param>
    /// <param name="target">The object concerned: a configuration's name, a path, a host.</param>
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

    /// <summary>One of <see cref="ErrorIds"/>, for scripts.</summary>
    public string ErrorId { get; }

    /// <summary>PowerShell's category by name.</summary>
    public BackupErrorCategory Category { get; }

    /// <summary>The object concerned.</summary>
    public string? Target { get; }

    /// <summary>Since when the obstacle exists, such as another run; UTC, null if unknown.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>
    /// For an unforeseen error: types and stack traces of its exceptions, without their messages, which may contain content; otherwise
    /// null. This is what goes into logs; the messages are only in <see cref="Exception.InnerException"/>.
    /// </summary>
    public string? Details { get; private init; }

    /// <summary>Creates an error with a text other than its id's, because the cause is known more precisely.</summary>
    /// <param name="text">The catalog's key.</param>
    /// <param name="errorId">One of <see cref="ErrorIds"/>.</param>
    /// <param name="category">What kind of error it is.</param>
    /// <param name="target">The object concerned.</param>
    /// <param name="arguments">Values for the text's placeholders.</param>
    public static BackupException WithText(
        string text,
        string errorId,
        BackupErrorCategory category,
        string? target,
        params object?[] arguments
    ) => new(Texts.Get(text, arguments), errorId, category, target, (Exception?)null);

    /// <summary>An unforeseen error. Its message names the exception's type and place, never the exception's message.</summary>
    /// <param name="cause">What was thrown.</param>
    /// <param name="target">The object concerned.</param>
    public static BackupException Unexpected(Exception cause, string? target)
    {
        var message = Texts.Get(ErrorIds.Unexpected, ForeignException.Summary(cause));
        return new BackupException(message, ErrorIds.Unexpected, BackupErrorCategory.NotSpecified, target, ForeignException.Of(cause))
        {
            Details = ForeignException.Stacks(cause),
        };
    }
}
