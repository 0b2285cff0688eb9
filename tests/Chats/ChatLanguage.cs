namespace KlarKonform.Backup.Chats;

/// <summary>What a telephone of one language writes into an export. WhatsApp's own words, as in ExportWords.txt.</summary>
/// <param name="Code">BCP 47.</param>
/// <param name="Android">Patterns of date and time on Android.</param>
/// <param name="Iphone">The same on iOS.</param>
/// <param name="Halves">Words next to the hour: "from hour=word", ascending, separated by bars; empty if only the 24-hour clock is
/// used.</param>
/// <param name="Zero">The digit zero.</param>
/// <param name="FileAttached">Android: after a file's name; with "{0}" if words surround the name without brackets.</param>
/// <param name="Attached">iOS: before a file's name.</param>
/// <param name="Omitted">Android: without media.</param>
/// <param name="ImageOmitted">iOS: without a picture.</param>
/// <param name="DocumentOmitted">iOS: without a document.</param>
/// <param name="Deleted">A message that was deleted.</param>
/// <param name="Edited">After an edited one; null if unknown.</param>
/// <param name="Secure">WhatsApp's own first line.</param>
internal sealed record ChatLanguage(
    string Code,
    string[] Android,
    string[] Iphone,
    string Halves,
    char Zero,
    string FileAttached,
    string Attached,
    string Omitted,
    string ImageOmitted,
    string DocumentOmitted,
    string Deleted,
    string? Edited,
    string Secure
);
