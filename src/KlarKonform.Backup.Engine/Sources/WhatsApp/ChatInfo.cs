using System.Text.Json;

namespace KlarKonform.Backup.Engine.Sources.WhatsApp;

/// <summary>What <c>chat.json</c> says of a chat.</summary>
internal sealed class ChatInfo
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Telephone number, user id or group id; the chat's name for exports.</summary>
    public string Id { get; set; } = "";

    /// <summary>Name as people know it.</summary>
    public string Name { get; set; } = "";

    /// <summary>The business's number, as people know it.</summary>
    public string Number { get; set; } = "";

    /// <summary>Meta's id of that number; empty for exports.</summary>
    public string NumberId { get; set; } = "";

    /// <summary>Who writes in it: names by numbers, or by names where no number is known.</summary>
    public SortedDictionary<string, string> Participants { get; set; } = new(StringComparer.Ordinal);

    /// <summary>Messages a month.</summary>
    public SortedDictionary<string, int> Months { get; set; } = new(StringComparer.Ordinal);

    public static ChatInfo Parse(byte[] content) => JsonSerializer.Deserialize<ChatInfo>(content, s_json)!;

    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, s_json);
}
