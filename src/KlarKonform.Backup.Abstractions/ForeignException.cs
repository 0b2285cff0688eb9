using System.Globalization;
using System.Runtime.Loader;
using System.Text;

namespace KlarKonform.Backup;

/// <summary>
/// The text of an exception whose type is in the engine's own load context: everything that a session can show of it, without keeping a
/// reference to the request, the response or the credential that such exceptions carry.
/// </summary>
public sealed class ForeignException : Exception
{
    private readonly string? _stack;

    private ForeignException(Exception cause)
        : base($"{cause.GetType().FullName}: {cause.Message}", cause.InnerException is { } inner ? new ForeignException(inner) : null)
    {
        TypeName = cause.GetType().FullName ?? cause.GetType().Name;
        _stack = cause.StackTrace;
        HResult = cause.HResult;
        Source = cause.Source;
    }

    /// <summary>The full name of the exception's type.</summary>
    public string TypeName { get; }

    /// <inheritdoc />
    public override string? StackTrace => _stack;

    /// <summary>The exception for the session: itself if every type in its chain is known there, otherwise its text.</summary>
    public static Exception Of(Exception cause)
    {
        for (var each = cause; each is not null; each = each.InnerException)
        {
            if (
                AssemblyLoadContext.GetLoadContext(each.GetType().Assembly)
                    != AssemblyLoadContext.GetLoadContext(typeof(ForeignException).Assembly)
                && AssemblyLoadContext.GetLoadContext(each.GetType().Assembly) != AssemblyLoadContext.Default
            )
                return new ForeignException(cause);
        }

        return cause;
    }

    /// <summary>The exception's type and the method that threw it.</summary>
    public static string Summary(Exception cause)
    {
        var place = cause.StackTrace?.Split('\n', 2)[0].Trim();
        return place is { Length: > 0 } && place.IndexOf('(', StringComparison.Ordinal) is > 0 and var end
            ? $"{cause.GetType().Name}, {place[..end]}"
            : cause.GetType().Name;
    }

    /// <summary>Types and stack traces of a chain of exceptions, without their messages.</summary>
    public static string Stacks(Exception cause)
    {
        var text = new StringBuilder();
        for (var each = cause; each is not null; each = each.InnerException)
        {
            text.Append(CultureInfo.InvariantCulture, $"{(text.Length == 0 ? "" : "\n--> ")}{each.GetType().FullName}");
            if (each.StackTrace is { Length: > 0 } stack)
                text.Append('\n').Append(stack.ReplaceLineEndings("\n"));
        }

        return text.ToString();
    }
}
