namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>A message of an exported chat.</summary>
/// <param name="Time">Wall-clock time of the phone; an export has no time zone.</param>
/// <param name="Kind">The kind of message.</param>
/// <param name="Author">Who wrote it, as named in the phone's address book; null for WhatsApp itself.</param>
/// <param name="Text">The text; a media file's caption.</param>
/// <param name="Raw">All its lines as in the file. The raw lines of all messages in order are the file.</param>
public sealed record ExportMessage(DateTime Time, ExportMessageKind Kind, string? Author, string Text, string Raw)
{
    /// <summary>Image, video, audio, sticker, gif, document, contact or media, if there is or was a file.</summary>
    public string? MediaType { get; init; }

    /// <summary>The file's name in the export; null if it was left out.</summary>
    public string? Attachment { get; init; }

    /// <summary>Whether the export marks it as edited.</summary>
    public bool IsEdited { get; init; }
}
