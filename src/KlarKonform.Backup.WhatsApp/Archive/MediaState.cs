using System.Text.Json.Serialization;

namespace KlarKonform.Backup.WhatsApp.Archive;

/// <summary>What became of a message's file.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<MediaState>))]
public enum MediaState
{
    /// <summary>To be downloaded.</summary>
    Pending,

    /// <summary>It is in the backup.</summary>
    Stored,

    /// <summary>The export was made without media.</summary>
    Omitted,

    /// <summary>The export names a file that it does not contain.</summary>
    Missing,

    /// <summary>Meta no longer had it when it was requested.</summary>
    Gone,

    /// <summary>Removed, because the message was deleted and the policy says so.</summary>
    Redacted,
}
