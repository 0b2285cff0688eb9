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

    /// <summary>The export names a file that is not in it.</summary>
    Missing,

    /// <summary>Meta had it no longer when it was asked for.</summary>
    Gone,

    /// <summary>Taken out, because the message was deleted and the policy says so.</summary>
    Redacted,
}
