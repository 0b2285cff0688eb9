namespace KlarKonform.Backup.WhatsApp.Archive;

/// <summary>What is needed of a message to compare chats.</summary>
/// <param name="Content">A hash of its text.</param>
/// <param name="Minute">The telephone's wall-clock time, in minutes.</param>
/// <param name="Author">Who wrote it, as named in the export.</param>
internal readonly record struct ChatTrace(ulong Content, long Minute, string? Author);
