using System.Text.Json.Serialization;

namespace KlarKonform.Backup.WhatsApp.Archive;

/// <summary>What a line of an archived chat is.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ChatRecord>))]
public enum ChatRecord
{
    /// <summary>A message.</summary>
    Message,

    /// <summary>A message was sent, delivered, read or played, or failed.</summary>
    Status,

    /// <summary>Someone reacted to a message with an emoji, or took the reaction back.</summary>
    Reaction,

    /// <summary>A message's author changed it.</summary>
    Edit,

    /// <summary>A message's author deleted it for everyone.</summary>
    Revoke,

    /// <summary>A kind not known yet, kept as it came.</summary>
    Other,
}
