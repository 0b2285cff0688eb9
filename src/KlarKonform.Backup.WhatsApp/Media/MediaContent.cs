namespace KlarKonform.Backup.WhatsApp.Media;

/// <summary>A media file being downloaded.</summary>
/// <param name="Content">Its bytes; to be disposed.</param>
/// <param name="MimeType">Its type, or null.</param>
/// <param name="Sha256">Its announced SHA-256 in lower-case hex, or null.</param>
/// <param name="Size">Its announced size in bytes, or null.</param>
public sealed record MediaContent(Stream Content, string? MimeType, string? Sha256, long? Size) : IAsyncDisposable
{
    /// <summary>Ends the download.</summary>
    public ValueTask DisposeAsync() => Content.DisposeAsync();
}
