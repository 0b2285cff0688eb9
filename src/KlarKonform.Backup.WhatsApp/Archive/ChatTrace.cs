namespace KlarKonform.Backup.WhatsApp.Archive;

/// <summary>What comparing chats needs of a message.</summary>
/// <param name="Content">A hash of its text.</param>
/// <param name="Minute">The telephone's wall clock, in minutes.</param>
/// <param name="Author">Who wrote it, as the export calls them.</param>
internal readonly record struct ChatTrace(ulong Content, long Minute, string? Author);
