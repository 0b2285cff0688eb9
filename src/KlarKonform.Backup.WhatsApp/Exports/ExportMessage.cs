namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>A message of an exported chat.</summary>
/// <param name="Time">Wall clock of the phone; an export names no time zone.</param>
/// <param name="Kind">What it says.</param>
/// <param name="Author">Who wrote it, as the phone's address book calls them; null for WhatsApp itself.</param>
/// <param name="Text">The text; a media file's caption.</param>
/// <param name="Raw">All its lines as they stand in the file. The raws of a file's messages, one after the other, are the file.</param>
public sealed record ExportMessage(DateTime Time, ExportMessageKind Kind, string? Author, string Text, string Raw)
{
    /// <summary>Image, video, audio, sticker, gif, document, contact or media, where it is or was a file.</summary>
    public string? MediaType { get; init; }

    /// <summary>The file's name in the export; null when it was left out.</summary>
    public string? Attachment { get; init; }

    /// <summary>Whether the export marks it as edited.</summary>
    public bool IsEdited { get; init; }
}
