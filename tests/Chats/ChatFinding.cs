namespace KlarKonform.Backup.Chats;

/// <summary>Something that is not as it must be.</summary>
/// <param name="Kind">What.</param>
/// <param name="What">Of which export, and what was found.</param>
public sealed record ChatFinding(ChatFault Kind, string What);
