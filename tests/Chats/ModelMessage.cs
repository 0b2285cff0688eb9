namespace KlarKonform.Backup.Chats;

/// <summary>A message of the true chat.</summary>
/// <param name="Id">Distinguishes it from all others; its texts contain it as "q7x12z" unless they are short.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Time">The time at the telephone's home.</param>
/// <param name="Author">Index among the chat's people; -1 for WhatsApp itself.</param>
/// <param name="Text">Its original text; a file's caption.</param>
internal sealed record ModelMessage(string Id, ModelKind Kind, DateTime Time, int Author, string Text)
{
    /// <summary>Its text after it was edited, or null.</summary>
    public string? Edited { get; init; }

    /// <summary>Whether it is deleted later.</summary>
    public bool IsDeleted { get; init; }

    /// <summary>Whether one of its lines looks like a message's first line.</summary>
    public bool HasPasted { get; init; }

    /// <summary>The file's name; null if the telephone names it.</summary>
    public string? Document { get; init; }

    /// <summary>The file's extension if the telephone names it.</summary>
    public string Ending { get; init; } = "";

    /// <summary>The file's bytes.</summary>
    public byte[]? File { get; init; }

    /// <summary>Its minute in the archive's format.</summary>
    public string Minute => Time.ToString("yyyy-MM-dd'T'HH:mm", System.Globalization.CultureInfo.InvariantCulture);
}
