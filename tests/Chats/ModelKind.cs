namespace KlarKonform.Backup.Chats;

/// <summary>What a message of the true chat is.</summary>
internal enum ModelKind
{
    Text,
    Media,
    Place,
    System,
}
