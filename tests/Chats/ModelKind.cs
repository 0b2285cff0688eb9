namespace KlarKonform.Backup.Chats;

/// <summary>The kind of a message in the true chat.</summary>
internal enum ModelKind
{
    Text,
    Media,
    Place,
    System,
}
