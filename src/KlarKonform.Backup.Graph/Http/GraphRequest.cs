using KlarKonform.Backup.Graph.Governing;

namespace KlarKonform.Backup.Graph.Http;

/// <summary>A request: what it asks, what it counts against, and what it needs.</summary>
/// <param name="Scope">What it counts against.</param>
/// <param name="Address">Where; a link that Graph handed out is followed verbatim.</param>
public sealed record GraphRequest(GraphScope Scope, Uri Address)
{
    /// <summary>The <c>Prefer</c> header, or null.</summary>
    public string? Prefer { get; init; }

    /// <summary>Further headers, or null.</summary>
    public IReadOnlyDictionary<string, string>? Headers { get; init; }

    /// <summary>The application permission that it needs: named when Graph refuses.</summary>
    public string? Permission { get; init; }

    /// <summary>Resource units or requests that it is charged with.</summary>
    public int Cost { get; init; } = 1;

    /// <summary>Requests at a time that it stands for; a batch is more than one.</summary>
    public int Places { get; init; } = 1;

    /// <summary>How often it is tried.</summary>
    public int MaxAttempts { get; init; } = 7;

    /// <summary>What is sent; null for none.</summary>
    public byte[]? Body { get; init; }

    /// <summary>The kind of <see cref="Body"/>.</summary>
    public string ContentType { get; init; } = "application/json";

    /// <summary>The method; without it GET, or POST where there is a body.</summary>
    public HttpMethod? Method { get; init; }

    /// <summary>
    /// Whether it makes something new: then it is not repeated when nobody can tell whether it was carried out, so that nothing is made
    /// twice. Whoever asks looks whether it is there. Being throttled is no such case.
    /// </summary>
    public bool IsCreation { get; init; }

    /// <summary>The method that is sent.</summary>
    internal HttpMethod Verb => Method ?? (Body is null ? HttpMethod.Get : HttpMethod.Post);
}
