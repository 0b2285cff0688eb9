using System.Globalization;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using KlarKonform.Backup.WhatsApp.Exports;

namespace KlarKonform.Backup.WhatsApp.Archive;

/// <summary>
/// What distinguishes a chat from others, whatever its name and the telephone's clock: the texts that occur in it once. Takes a few dozen
/// bytes per message. Not thread-safe.
/// </summary>
public sealed class ChatTraces
{
    /// <summary>
    /// This many of the smallest hashes are kept for each chat: two chats that share a tenth of their texts have some of them in common.
    /// </summary>
    public const int SketchSize = 96;

    // "ok" and "ja" prove nothing.
    private const int MinLength = 4;

    private readonly Dictionary<ulong, ChatTrace> _once = [];
    private readonly HashSet<ulong> _often = [];
    private readonly HashSet<(long Minute, string? Author)> _moments = [];

    /// <summary>Number of texts that occur once.</summary>
    public int Count => _once.Count;

    internal IReadOnlyDictionary<ulong, ChatTrace> Once => _once;

    /// <summary>The times at which someone wrote anything.</summary>
    internal IReadOnlySet<(long Minute, string? Author)> Moments => _moments;

    /// <summary>Adds a message of an export.</summary>
    public void Add(ExportMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (message.Kind is not (ExportMessageKind.System or ExportMessageKind.Deleted or ExportMessageKind.Unparsed))
            Add(message.Kind == ExportMessageKind.Location ? Place(message.Text) : message.Text, message.Time, message.Author);
    }

    /// <summary>Adds a line of an archived chat.</summary>
    public void Add(ChatLine line)
    {
        ArgumentNullException.ThrowIfNull(line);
        if (
            line is { Record: ChatRecord.Message, Deleted: false, Redacted: false }
            && line.Type is not ("system" or "unparsed")
            && DateTime.TryParse(line.LocalTime, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)
        )
            Add(line.Type == "location" ? Place(line.Text) : line.Text, time, line.From?.Name);
    }

    /// <summary>Whether a text with this hash occurs once.</summary>
    public bool Contains(ulong hash) => _once.ContainsKey(hash);

    /// <summary>The smallest hashes of this chat and of an earlier sketch.</summary>
    public IReadOnlyList<ulong> Sketch(IEnumerable<ulong> earlier) => [.. _once.Keys.Union(earlier).Order().Take(SketchSize)];

    // For a place only the address: the word before it is in the telephone's language.
    private static string? Place(string? text) => text?.IndexOf("http", StringComparison.Ordinal) is > 0 and var at ? text[at..] : text;

    private void Add(string? said, DateTime time, string? author)
    {
        var minute = time.Ticks / TimeSpan.TicksPerMinute;
        _moments.Add((minute, author));
        var text = ExportMerger.Normalised(said);
        if (text.Length < MinLength)
            return;
        var hash = XxHash3.HashToUInt64(MemoryMarshal.AsBytes(text.AsSpan()));
        if (_often.Contains(hash))
            return;
        if (!_once.TryAdd(hash, new ChatTrace(hash, minute, author)) && _once.Remove(hash))
            _often.Add(hash);
    }
}
