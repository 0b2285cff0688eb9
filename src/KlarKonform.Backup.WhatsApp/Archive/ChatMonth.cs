using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace KlarKonform.Backup.WhatsApp.Archive;

/// <summary>A month of a chat: the lines of its JSON-lines file, in order. Not thread-safe.</summary>
public sealed class ChatMonth
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    };

    private readonly Dictionary<string, int> _places = new(StringComparer.Ordinal);
    private readonly List<ChatLine> _lines = [];

    /// <summary>The lines.</summary>
    public IReadOnlyList<ChatLine> Lines => _lines;

    /// <summary>Whether anything was added or changed since it was read.</summary>
    public bool IsChanged { get; private set; }

    /// <summary>Reads a file.</summary>
    /// <exception cref="JsonException">It was not written by this program.</exception>
    public static ChatMonth Parse(ReadOnlySpan<byte> content)
    {
        var month = new ChatMonth();
        while (content.Length > 0)
        {
            var end = content.IndexOf((byte)'\n');
            var line = end < 0 ? content : content[..end];
            content = end < 0 ? default : content[(end + 1)..];
            if (line.Length > 0)
                month.Append(JsonSerializer.Deserialize<ChatLine>(line, s_json) ?? throw new JsonException("A line of the chat is null."));
        }

        return month;
    }

    /// <summary>The file's content.</summary>
    public byte[] Write()
    {
        using var content = new MemoryStream();
        foreach (var line in _lines)
        {
            JsonSerializer.Serialize(content, line, s_json);
            content.WriteByte((byte)'\n');
        }

        return content.ToArray();
    }

    /// <summary>The message with an id, or null.</summary>
    public ChatLine? Find(string id) => _places.TryGetValue(id, out var place) ? _lines[place] : null;

    /// <summary>
    /// Adds a line that came by webhook, unless it exists. If only a later webhook names a message's file, the message gets it.
    /// </summary>
    /// <returns>Whether it is new.</returns>
    public bool Add(ChatLine line)
    {
        ArgumentNullException.ThrowIfNull(line);
        if (!_places.TryGetValue(line.Key, out var place))
        {
            Append(line);
            return IsChanged = true;
        }

        if (_lines[place] is { Media: null or { Id: null }, Redacted: false } present && line.Media?.Id is not null)
            Replace(present with { Media = line.Media, Type = line.Type, Text = present.Text ?? line.Text });
        return false;
    }

    /// <summary>Replaces the content of a line.</summary>
    public void Replace(ChatLine line)
    {
        ArgumentNullException.ThrowIfNull(line);
        if (_lines[_places[line.Key]] == line)
            return;
        _lines[_places[line.Key]] = line;
        IsChanged = true;
    }

    /// <summary>Sorts lines that came in any order by time; lines of the same time keep their order.</summary>
    public void Sort() => Rearrange([.. _lines.OrderBy(line => line.Time)]);

    /// <summary>Replaces all lines.</summary>
    internal void Rearrange(IReadOnlyList<ChatLine> lines)
    {
        IsChanged |= !lines.SequenceEqual(_lines, ReferenceEqualityComparer.Instance);
        _lines.Clear();
        _places.Clear();
        foreach (var line in lines)
            Append(line);
    }

    private void Append(ChatLine line)
    {
        // In a file edited by hand, a line may occur twice: both stay, the first one is found.
        _places.TryAdd(line.Key, _lines.Count);
        _lines.Add(line);
    }
}
