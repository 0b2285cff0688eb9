using System.Runtime.InteropServices;
using System.Text.Json;
using KlarKonform.Backup.WhatsApp.Exports;

namespace KlarKonform.Backup.Engine.Formats.Chats;

/// <summary>What <c>chat.json</c> says about a chat.</summary>
internal sealed class ChatInfo
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Telephone number, user id or group id; the chat's name for exports.</summary>
    public string Id { get; set; } = "";

    /// <summary>Name as people know it.</summary>
    public string Name { get; set; } = "";

    /// <summary>The business's number as people write it.</summary>
    public string Number { get; set; } = "";

    /// <summary>Meta's id for that number; empty for exports.</summary>
    public string NumberId { get; set; } = "";

    /// <summary>The participants: names by numbers, or by names if no number is known.</summary>
    public SortedDictionary<string, string> Participants { get; set; } = new(StringComparer.Ordinal);

    /// <summary>Number of messages per month.</summary>
    public SortedDictionary<string, int> Months { get; set; } = new(StringComparer.Ordinal);

    /// <summary>Exports: names that the chat had, and spellings of them.</summary>
    public SortedSet<string> Names { get; set; } = new(StringComparer.Ordinal);

    /// <summary>Exports: the time of the last message of the export that gave the name: a later one knows the newer name.</summary>
    public string NameAsOf { get; set; } = "";

    /// <summary>Exports: hashes of some of its texts, base64, by which it is recognised under another name.</summary>
    public string Sketch { get; set; } = "";

    /// <summary>Exports: what the last run that took in the chat found in each export, by the export's file.</summary>
    public SortedDictionary<string, ExportBalance> Exports { get; set; } = new(StringComparer.Ordinal);

    /// <summary>The hashes of <see cref="Sketch"/>.</summary>
    public ulong[] Hashes() => MemoryMarshal.Cast<byte, ulong>(Convert.FromBase64String(Sketch)).ToArray();

    /// <summary>Stores hashes in <see cref="Sketch"/>.</summary>
    public void Remember(IReadOnlyList<ulong> hashes) => Sketch = Convert.ToBase64String(MemoryMarshal.AsBytes<ulong>([.. hashes]));

    /// <summary>Records what an export contained. One that was taken in before and is unchanged keeps its record.</summary>
    public void Keep(string export, ExportBalance balance)
    {
        if (
            !Exports.TryGetValue(export, out var before)
            || JsonSerializer.Serialize(before, s_json)
                != JsonSerializer.Serialize(balance with { Taken = before.Taken, Added = before.Added }, s_json)
        )
            Exports[export] = balance;
    }

    /// <summary>Adds a name of the chat.</summary>
    /// <param name="name">The name.</param>
    /// <param name="asOf">The time of the export's last message.</param>
    public void Call(string name, string asOf)
    {
        if (string.CompareOrdinal(asOf, NameAsOf) < 0 || ChatName.WithoutCopy(name) == Name)
        {
            if (name != Name)
                Names.Add(name);
            return;
        }

        if (Name.Length > 0 && NameAsOf.Length > 0 && Name != name)
            Names.Add(Name);
        Names.Remove(name);
        (Name, NameAsOf) = (name, asOf);
    }

    public static ChatInfo Parse(byte[] content)
    {
        var info = JsonSerializer.Deserialize<ChatInfo>(content, s_json)!;

        // The deserializer creates collections that compare by culture, which considers some different names equal.
        info.Participants = new(info.Participants, StringComparer.Ordinal);
        info.Months = new(info.Months, StringComparer.Ordinal);
        info.Names = new(info.Names, StringComparer.Ordinal);
        info.Exports = new(info.Exports, StringComparer.Ordinal);
        return info;
    }

    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, s_json);
}
