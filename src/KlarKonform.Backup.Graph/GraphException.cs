using System.Net;

namespace KlarKonform.Backup.Graph;

/// <summary>Graph, or something on the way to it, refused a request.</summary>
public sealed class GraphException : Exception
{
    /// <summary>Code of a response that is unusable: it broke off, is not JSON, or lacks a required part.</summary>
    public const string BrokenAnswer = "BrokenAnswer";

    /// <summary>Code for pages that lead in a circle.</summary>
    public const string EndlessPages = "EndlessPages";

    /// <summary>Creates the exception.</summary>
    public GraphException(GraphErrorKind kind, HttpStatusCode? status, string code, string message, Exception? inner = null)
        : base(message, inner)
    {
        Kind = kind;
        Status = status;
        Code = code;
    }

    /// <summary>What it means for the caller.</summary>
    public GraphErrorKind Kind { get; }

    /// <summary>HTTP status, or null if there was no response.</summary>
    public HttpStatusCode? Status { get; }

    /// <summary>The deepest error code in Graph's response.</summary>
    public string Code { get; }

    /// <summary>Graph's request-id, for Microsoft's support.</summary>
    public string? RequestId { get; init; }

    /// <summary>How long Graph asks to wait before another attempt, or null.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The application permission that the request needs, or null.</summary>
    public string? Permission { get; init; }

    /// <summary>
    /// Whether the request was for the mailbox, drive or site itself and not for something in it: only then does the error mean that the
    /// whole resource is gone, locked or missing.
    /// </summary>
    public bool IsOfResource { get; init; }

    /// <summary>An answer with a good status that is none: it is of another kind, or lacks what it cannot lack.</summary>
    public static GraphException Broken(string message) => new(GraphErrorKind.Unreachable, null, BrokenAnswer, message);

    /// <summary>The same failure, of a question for the resource itself.</summary>
    public GraphException OfResource(GraphErrorKind? kind = null) =>
        new(kind ?? Kind, Status, Code, Message, InnerException)
        {
            RequestId = RequestId,
            RetryAfter = RetryAfter,
            Permission = Permission,
            Restart = Restart,
            IsOfResource = true,
        };

    /// <summary>For <see cref="GraphErrorKind.ResyncRequired"/>: where Graph wants reading to start again.</summary>
    public Uri? Restart { get; init; }
}
