namespace KlarKonform.Backup.Chats;

/// <summary>A true chat.</summary>
/// <param name="Number">Its number in the corpus.</param>
/// <param name="Title">How people call it.</param>
/// <param name="People">Who writes in it, as the address book calls them; the first is the telephone's owner.</param>
/// <param name="IsGroup">Whether it is a group.</param>
/// <param name="Messages">All messages, in order.</param>
internal sealed record ModelChat(int Number, string Title, IReadOnlyList<string> People, bool IsGroup, IReadOnlyList<ModelMessage> Messages);
