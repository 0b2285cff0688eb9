namespace KlarKonform.Backup.Graph.Http;

/// <summary>A GET inside a batch.</summary>
/// <param name="Path">Path and query below Graph's endpoint, beginning with a slash.</param>
/// <param name="Prefer">The <c>Prefer</c> header, or null.</param>
public sealed record BatchItem(string Path, string? Prefer = null);
