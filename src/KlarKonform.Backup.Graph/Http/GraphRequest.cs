using KlarKonform.Backup.Graph.Governing;

namespace KlarKonform.Backup.Graph.Http;

/// <summary>A request: its address, its scope, and its needs.</summary>
/// <param name="Scope">What it counts against.</param>
/// <param name="Address">The URL; a link from Graph is followed verbatim.</param>
public sealed record GraphRequest(GraphScope Scope, Uri Address)
{
    /// <summary>The <c>Prefer</c> header, or null.</summary>
    public string? Prefer { get; init; }

    /// <summary>Additional headers, or null.</summary>
    public IReadOnlyDictionary<string, string>? Headers { get; init; }

    /// <summary>The application permission that it needs: named if Graph refuses.</summary>
    public string? Permission { get; init; }

    /// <summary>The resource units or requests charged for it.</summary>
    public int Cost { get; init; } = 1;

    /// <summary>The number of concurrent requests it counts as; a batch is more than one.</summary>
    public int Places { get; init; } = 1;

    /// <summary>The maximum number of attempts.</summary>
    public int MaxAttempts { get; init; } = 7;

    /// <summary>The body to send; null for none.</summary>
    public byte[]? Body { get; init; }

    /// <summary>The media type of <see cref="Body"/>.</summary>
    public string ContentType { get; init; } = "application/json";

    /// <summary>The method; if not set, GET, or POST if there is a body.</summary>
    public HttpMethod? Method { get; init; }

    /// <summary>
    /// Whether it creates something: then it is not repeated if it is unknown whether it was carried out, so that nothing is created twice.
    /// The caller checks whether it exists. Throttling is not such a case.
    /// </summary>
    public bool IsCreation { get; init; }

    /// <summary>The method to send.</summary>
    internal HttpMethod Verb => Method ?? (Body is null ? HttpMethod.Get : HttpMethod.Post);
}
