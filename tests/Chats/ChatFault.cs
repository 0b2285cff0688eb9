namespace KlarKonform.Backup.Chats;

/// <summary>What can go wrong with an export.</summary>
public enum ChatFault
{
    /// <summary>A message is not in its chat, occurs less often than it should, or says something else.</summary>
    MessageLost,

    /// <summary>A message occurs more often than it should.</summary>
    MessageDoubled,

    /// <summary>The bytes of a file are neither under a message nor next to the chat.</summary>
    MediaLost,

    /// <summary>Two chats merged into one, or one silently split into two.</summary>
    ChatConfused,

    /// <summary>A message has another time.</summary>
    TimeWrong,

    /// <summary>Something is missing, surplus or refused, and no run reported it.</summary>
    Unsaid,

    /// <summary>The exported text is not kept as it was.</summary>
    TextChanged,
}
