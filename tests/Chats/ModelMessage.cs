namespace KlarKonform.Backup.Chats;

/// <summary>A message of the true chat.</summary>
/// <param name="Id">What tells it from all others; its texts hold it as "q7x12z" unless they are short.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Time">The clock where the telephone is at home.</param>
/// <param name="Author">Index among the chat's people; -1 for WhatsApp itself.</param>
/// <param name="Text">What it says first; a file's caption.</param>
internal sealed record ModelMessage(string Id, ModelKind Kind, DateTime Time, int Author, string Text)
{
    /// <summary>What it says after it was edited, or null.</summary>
    public string? Edited { get; init; }

    /// <summary>Whether it is deleted later on.</summary>
    public bool IsDeleted { get; init; }

    /// <summary>Whether a line of it looks like a message's first.</summary>
    public bool HasPasted { get; init; }

    /// <summary>The file's name; null for what the telephone names itself.</summary>
    public string? Document { get; init; }

    /// <summary>The file's ending where the telephone names it.</summary>
    public string Ending { get; init; } = "";

    /// <summary>The file's bytes.</summary>
    public byte[]? File { get; init; }

    /// <summary>Its minute as the archive writes it.</summary>
    public string Minute => Time.ToString("yyyy-MM-dd'T'HH:mm", System.Globalization.CultureInfo.InvariantCulture);
}
