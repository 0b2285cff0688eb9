namespace KlarKonform.Backup.Graph.Http;

/// <summary>
/// The request log. Lines hold method, path, status, duration and Graph's request-id; never a header, a query (links carry tokens) or a body.
/// </summary>
/// <param name="Events">Receives what is out of the ordinary: refusals, pauses, repetitions, new tokens.</param>
/// <param name="Requests">Receives a line a request, or null when nobody reads them.</param>
public sealed record GraphLog(Action<string> Events, Action<string>? Requests)
{
    /// <summary>A log that nobody reads.</summary>
    public static GraphLog None { get; } = new(static _ => { }, null);
}
