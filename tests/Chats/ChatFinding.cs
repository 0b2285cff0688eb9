namespace KlarKonform.Backup.Chats;

/// <summary>Something that is not as it should be.</summary>
/// <param name="Kind">The kind of fault.</param>
/// <param name="What">The export, and what was found.</param>
public sealed record ChatFinding(ChatFault Kind, string What);
