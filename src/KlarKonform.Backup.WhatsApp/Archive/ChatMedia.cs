namespace KlarKonform.Backup.WhatsApp.Archive;

/// <summary>A message's file.</summary>
public sealed record ChatMedia
{
    /// <summary>Meta's id of the media, or null in exports.</summary>
    public string? Id { get; init; }

    /// <summary>The file's own name, if it has one.</summary>
    public string? Name { get; init; }

    /// <summary>Its path relative to the chat's folder; null as long as it is not stored.</summary>
    public string? File { get; init; }

    /// <summary>MIME type, with its parameters.</summary>
    public string? MimeType { get; init; }

    /// <summary>SHA-256 as announced or computed: lower-case hex.</summary>
    public string? Sha256 { get; init; }

    /// <summary>Size in bytes.</summary>
    public long? Size { get; init; }

    /// <summary>What became of the file.</summary>
    public MediaState State { get; init; }
}
