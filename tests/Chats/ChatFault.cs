namespace KlarKonform.Backup.Chats;

/// <summary>What can go wrong with an export.</summary>
public enum ChatFault
{
    /// <summary>A message is not in its chat, not as often as it was, or says something else.</summary>
    MessageLost,

    /// <summary>A message is there more often than it was.</summary>
    MessageDoubled,

    /// <summary>Bytes of a file are neither under a message nor beside the chat.</summary>
    MediaLost,

    /// <summary>Two chats in one, or one in two without a word.</summary>
    ChatConfused,

    /// <summary>A message has another time.</summary>
    TimeWrong,

    /// <summary>Something is missing, left over or refused, and no run said it.</summary>
    Unsaid,

    /// <summary>The exported text is not kept as it was.</summary>
    TextChanged,
}
