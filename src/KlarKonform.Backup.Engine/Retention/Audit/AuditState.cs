using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace KlarKonform.Backup.Engine.Retention.Audit;

/// <summary>
/// An audit log as one of its snapshots contains it: the entries, and their lines exactly as written, because the lines are what was
/// hashed.
/// </summary>
internal sealed class AuditState
{
    private static readonly string s_none = new('0', 64);

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter() },
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    private readonly List<string> _lines = [];
    private readonly List<AuditEntry> _entries = [];

    /// <summary>The entries, oldest first.</summary>
    public IReadOnlyList<AuditEntry> Entries => _entries;

    /// <summary>All lines, as they are in the file.</summary>
    public string Text => string.Concat(_lines.Select(line => line + "\n"));

    /// <summary>Its length and end; empty for an empty log.</summary>
    public string End => _entries.Count == 0 ? "" : EndOf(_entries[^1]);

    /// <summary>Reads a log, or returns null if it was altered.</summary>
    public static AuditState? TryRead(string text)
    {
        var state = new AuditState();
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            AuditEntry? entry;
            try
            {
                entry = JsonSerializer.Deserialize<AuditEntry>(line, s_json);
            }
            catch (JsonException)
            {
                return null;
            }

            var previous = state._entries.Count > 0 ? state._entries[^1].Hash : s_none;
            if (
                entry is null
                || entry.Previous != previous
                || entry.Number != state._entries.Count + 1
                || entry.Hash != HashOf(line, entry.Hash)
            )
                return null;
            state._entries.Add(entry);
            state._lines.Add(line);
        }

        return state;
    }

    /// <summary>The log with one more entry; existing lines stay unchanged.</summary>
    /// <param name="draft">The entry, without number and hashes.</param>
    public AuditState With(AuditEntry draft)
    {
        var open = draft with { Number = _entries.Count + 1, Previous = _entries.Count > 0 ? _entries[^1].Hash : s_none, Hash = "" };
        var unsigned = JsonSerializer.Serialize(open, s_json);
        var entry = open with { Hash = HashOf(unsigned, "") };
        var state = new AuditState();
        state._entries.AddRange([.. _entries, entry]);
        state._lines.AddRange([.. _lines, JsonSerializer.Serialize(entry, s_json)]);
        return state;
    }

    /// <summary>Whether a log with that end is the beginning of this one.</summary>
    public bool Continues(string end) =>
        end.Split('-') is [var count, ..]
        && int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && number > 0
        && number <= _entries.Count
        && EndOf(_entries[number - 1]) == end;

    private static string EndOf(AuditEntry entry) =>
        string.Create(CultureInfo.InvariantCulture, $"{entry.Number}-{entry.Hash[..Math.Min(16, entry.Hash.Length)]}");

    // The hash covers the line with an empty hash in it, byte by byte: a property that a later version adds is covered, and breaks nothing.
    private static string HashOf(string line, string hash) =>
        Convert
            .ToHexString(
                SHA256.HashData(
                    Encoding.UTF8.GetBytes(
                        hash.Length == 0 ? line : line.Replace($"\"hash\":\"{hash}\"", "\"hash\":\"\"", StringComparison.Ordinal)
                    )
                )
            )
            .ToLowerInvariant();
}
