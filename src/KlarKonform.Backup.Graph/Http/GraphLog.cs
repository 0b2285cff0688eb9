namespace KlarKonform.Backup.Graph.Http;

/// <summary>
/// The request log. Lines contain method, path, status, duration and Graph's request-id; never a header, a query (links carry tokens) or a
/// body.
/// </summary>
/// <param name="Events">Receives unusual events: refusals, pauses, retries, new tokens.</param>
/// <param name="Requests">Receives one line per request, or null if no one reads them.</param>
public sealed record GraphLog(Action<string> Events, Action<string>? Requests)
{
    /// <summary>A log that is discarded.</summary>
    public static GraphLog None { get; } = new(static _ => { }, null);
}
