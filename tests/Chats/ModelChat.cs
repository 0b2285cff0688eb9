namespace KlarKonform.Backup.Chats;

/// <summary>A true chat.</summary>
/// <param name="Number">Its number in the corpus.</param>
/// <param name="Title">The chat's name.</param>
/// <param name="People">The participants, as named in the address book; the first is the telephone's owner.</param>
/// <param name="IsGroup">Whether it is a group.</param>
/// <param name="Messages">All messages, in order.</param>
internal sealed record ModelChat(
    int Number,
    string Title,
    IReadOnlyList<string> People,
    bool IsGroup,
    IReadOnlyList<ModelMessage> Messages
);
