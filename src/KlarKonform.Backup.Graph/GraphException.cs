using System.Net;

namespace KlarKonform.Backup.Graph;

/// <summary>Graph, or the way to it, refused a request.</summary>
public sealed class GraphException : Exception
{
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

    /// <summary>HTTP status, or null when there was no answer.</summary>
    public HttpStatusCode? Status { get; }

    /// <summary>The deepest error code that Graph named.</summary>
    public string Code { get; }

    /// <summary>Graph's request-id, for Microsoft's support.</summary>
    public string? RequestId { get; init; }

    /// <summary>How long Graph asks to wait before another attempt, or null.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The application permission that the request needs, or null.</summary>
    public string? Permission { get; init; }

    /// <summary>For <see cref="GraphErrorKind.ResyncRequired"/>: where Graph wants the enumeration to start again.</summary>
    public Uri? Restart { get; init; }
}
