using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using KlarKonform.Backup.WhatsApp.Exports;

namespace KlarKonform.Backup.WhatsApp.Archive;

/// <summary>
/// Merges an export of a chat into what earlier exports left of a month. Exports have no message ids: messages are distinguished by minute,
/// author and text, and by how often they occur. Each message occurs as often as in the export that shows it most often. Marks of deleted
/// and edited messages are matched with the earlier text; files are matched with the message that was exported without them; a renamed
/// contact stays one contact.
/// </summary>
public sealed partial class ExportMerger(string chat, Func<DateTime, DateTimeOffset> toUtc, DateTimeOffset now)
{
    // A minute with this many unmatched messages was not written by people: comparing each with each would take hours.
    private const int MaxComparisons = 4_000_000;

    /// <summary>Merges an export into a month.</summary>
    /// <param name="month">The month; changed.</param>
    /// <param name="export">All messages of that month in the export, in its order.</param>
    /// <param name="endsExport">Whether the export's last message is among them.</param>
    /// <param name="placed">Is told of each message that names a file, and of the id of its line.</param>
    /// <returns>How many messages are new.</returns>
    public int Merge(ChatMonth month, IReadOnlyList<ExportMessage> export, bool endsExport, Action<ExportMessage, string>? placed = null)
    {
        ArgumentNullException.ThrowIfNull(month);
        ArgumentNullException.ThrowIfNull(export);
        var present = month
            .Lines.GroupBy(MinuteOf)
            .ToDictionary(group => group.Key, group => group.Select((line, place) => new Stored(line, place)).ToList());
        var minutes = export
            .Select((message, i) => new Incoming(message, endsExport && i == export.Count - 1))
            .GroupBy(each => MinuteOf(each.Message.Time))
            .ToDictionary(group => group.Key, group => group.ToList());
        var aliases = Aliases(month, present, minutes);
        var merged = new List<ChatLine>(month.Lines.Count + export.Count);
        var known = month.Lines.Select(line => line.Id).ToHashSet(StringComparer.Ordinal);
        var added = 0;
        foreach (var minute in present.Keys.Union(minutes.Keys).Order(StringComparer.Ordinal))
        {
            var stored = present.GetValueOrDefault(minute, []);
            var incoming = minutes.GetValueOrDefault(minute, []);
            Match(stored, incoming, aliases);
            MatchChanged(stored, incoming, aliases);
            var next = 0;
            foreach (var each in incoming)
            {
                if (each.Partner is { } partner)
                {
                    // What only the archive has stays before what followed it there.
                    for (; next < partner.Place; next++)
                    {
                        if (!stored[next].IsMatched)
                            merged.Add(stored[next].Line);
                    }

                    next = Math.Max(next, partner.Place + 1);
                    merged.Add(Updated(partner.Line, each));
                }
                else
                {
                    merged.Add(NewLine(each, known));
                    added++;
                }

                if (each.Message.Attachment is not null)
                    placed?.Invoke(each.Message, merged[^1].Id);
            }

            merged.AddRange(stored.Skip(next).Where(each => !each.IsMatched).Select(each => each.Line));
        }

        month.Rearrange(merged);
        return added;
    }

    private static string MinuteOf(ChatLine line) => (line.LocalTime ?? "")[..Math.Min(16, line.LocalTime?.Length ?? 0)];

    private static string MinuteOf(DateTime time) => time.ToString("yyyy-MM-dd'T'HH:mm", CultureInfo.InvariantCulture);

    // A contact that was renamed between two exports has another name in every line: one that occurs on one side only, and says the same.
    private static Dictionary<string, string> Aliases(
        ChatMonth month,
        Dictionary<string, List<Stored>> present,
        Dictionary<string, List<Incoming>> minutes
    )
    {
        var before = month.Lines.Select(line => line.From?.Name).OfType<string>().ToHashSet(StringComparer.Ordinal);
        var after = minutes
            .Values.SelectMany(group => group)
            .Select(each => each.Message.Author)
            .OfType<string>()
            .ToHashSet(StringComparer.Ordinal);
        var votes = new Dictionary<(string Now, string Then), int>();
        foreach (var (minute, incoming) in minutes)
        {
            var sayings = present
                .GetValueOrDefault(minute, [])
                .Where(stored => stored.Line.From?.Name is { } name && !after.Contains(name))
                .GroupBy(stored => stored.Content, StringComparer.Ordinal)
                .ToDictionary(
                    group => group.Key,
                    group => group.Select(stored => stored.Line.From!.Name!).Distinct(StringComparer.Ordinal).ToArray(),
                    StringComparer.Ordinal
                );

            // In the month of the renaming the archive has both names: then its lines under the new name prove nothing.
            var own = present.GetValueOrDefault(minute, []).Select(stored => (stored.Content, stored.Line.From?.Name)).ToHashSet();
            foreach (
                var each in incoming.Where(each =>
                    each.Message.Author is { } author && (!before.Contains(author) || !own.Contains((each.Content, author)))
                )
            )
            {
                foreach (var name in sayings.GetValueOrDefault(each.Content, []))
                    votes[(each.Message.Author!, name)] = votes.GetValueOrDefault((each.Message.Author!, name)) + 1;
            }
        }

        var aliases = new Dictionary<string, string>(StringComparer.Ordinal);
        var taken = new HashSet<string>(StringComparer.Ordinal);
        foreach (
            var ((now, then), _) in votes
                .OrderBy(vote => before.Contains(vote.Key.Now))
                .ThenByDescending(vote => vote.Value)
                .ThenBy(vote => vote.Key.Now, StringComparer.Ordinal)
                .ThenBy(vote => vote.Key.Then, StringComparer.Ordinal)
        )
        {
            if (!aliases.ContainsKey(now) && taken.Add(then))
                aliases[now] = then;
        }

        return aliases;
    }

    // Of several messages with files, those with the same file name are matched first; the rest in their order.
    private static void Match(List<Stored> stored, List<Incoming> incoming, Dictionary<string, string> aliases)
    {
        Meet(
            stored,
            incoming.Where(each => each.Message.Attachment is not null),
            aliases,
            line => (line.Content, line.Line.Media?.Name),
            each => (each.Content, each.Message.Attachment)
        );
        Meet(stored, incoming, aliases, line => (line.Content, null), each => (each.Content, null));
    }

    private static void Meet(
        List<Stored> stored,
        IEnumerable<Incoming> incoming,
        Dictionary<string, string> aliases,
        Func<Stored, (string, string?)> keyOf,
        Func<Incoming, (string, string?)> wantedOf
    )
    {
        var waiting = stored
            .Where(line => !line.IsMatched)
            .GroupBy(line => (Key: keyOf(line), Author: line.Line.From?.Name))
            .ToDictionary(group => group.Key, group => new Queue<Stored>(group));
        foreach (var each in incoming.Where(each => each.Partner is null))
        {
            var (wanted, author) = (wantedOf(each), each.Message.Author);
            if (
                (waiting.TryGetValue((wanted, author), out var found) && found.Count > 0)
                || (
                    author is not null
                    && aliases.TryGetValue(author, out var before)
                    && waiting.TryGetValue((wanted, before), out found)
                    && found.Count > 0
                )
            )
                each.Join(found.Dequeue());
        }
    }

    private static void MatchChanged(List<Stored> stored, List<Incoming> incoming, Dictionary<string, string> aliases)
    {
        if ((long)stored.Count(line => !line.IsMatched) * incoming.Count(each => each.Partner is null) > MaxComparisons)
            return;
        foreach (var each in incoming.Where(each => each.Partner is null))
            each.Join(
                stored
                    .Where(line => !line.IsMatched && SameAuthor(line, each, aliases) && IsOtherState(line.Line, each.Message))
                    .MaxBy(line => Likeness(line.Line, each.Message))
            );

        // The phone's language changed, and with it WhatsApp's own texts.
        var (oldWords, newWords) = (
            stored.Where(line => !line.IsMatched && line.Line.Type == "system").ToArray(),
            incoming.Where(each => each is { Partner: null, Message.Kind: ExportMessageKind.System }).ToArray()
        );
        if (oldWords.Length != newWords.Length)
            return;
        foreach (var (line, each) in oldWords.Zip(newWords))
            each.Join(line);
    }

    private static bool SameAuthor(Stored line, Incoming each, Dictionary<string, string> aliases) =>
        line.Line.From?.Name == each.Message.Author
        || (each.Message.Author is { } author && aliases.TryGetValue(author, out var before) && before == line.Line.From?.Name);

    private static bool IsOtherState(ChatLine line, ExportMessage message)
    {
        if (message.Kind == ExportMessageKind.Deleted)
            return line.Type != "system";
        if (line.Deleted && line.Text is null)
            return message.Kind != ExportMessageKind.System;

        // An export without media says so in the telephone's own language, whichever that is.
        if (
            (IsOwnWords(line) && message.MediaType is not null)
            || (line.Media is not null && message is { Kind: ExportMessageKind.System, Author: not null })
        )
            return true;
        if (line.Type != "text" || message.Kind != ExportMessageKind.Text)
            return false;
        if (line.Tail && message.Text.StartsWith(line.Text ?? "", StringComparison.Ordinal))
            return true;

        // Of two texts one must be known to be the later one; an older text belongs to a message that has none, or exactly that one.
        return message.IsEdited || (line.Edited && (line.Earlier is null or { Count: 0 } || SaidEarlier(line, message)));
    }

    // Prefers the message that is known to have been deleted, or to have said this, to any other one of that minute.
    private static int Likeness(ChatLine line, ExportMessage message) =>
        message.Kind == ExportMessageKind.Deleted ? (line.Deleted ? 1 : 0) : (SaidEarlier(line, message) ? 2 : 0) + (line.Edited ? 1 : 0);

    private static bool SaidEarlier(ChatLine line, ExportMessage message) =>
        line.Earlier?.Any(version => Normalised(version.Text) == Normalised(message.Text)) == true;

    private static bool IsOwnWords(ChatLine line) => line is { Type: "system", From: not null };

    private ChatLine Updated(ChatLine line, Incoming each)
    {
        var message = each.Message;
        if (line.Redacted)
            return line;
        if (IsOwnWords(line) && message.MediaType is not null)
            return line with
            {
                Type = TypeOf(message),
                Text = message.Text.Length > 0 ? message.Text : null,
                Media = MediaOf(message),
                Raw = RawOf(message),
            };
        if (message.Kind == ExportMessageKind.Deleted)
            return line.Deleted ? line : line with { Deleted = true };
        if (line.Deleted && line.Text is null && line.Media is null)
            // An older export shows what it said.
            return line with { Type = TypeOf(message), Text = message.Text, Media = MediaOf(message), Raw = RawOf(message) };
        if (
            message.Attachment is not null
            && line.Media is { State: MediaState.Omitted or MediaState.Missing } media
            && media.Name != message.Attachment
        )
            line = line with { Media = MediaOf(message), Type = TypeOf(message), Raw = RawOf(message) };
        if (line.Tail && message.Text.StartsWith(line.Text ?? "", StringComparison.Ordinal))
            return each.IsLast && message.Text == (line.Text ?? "")
                ? line
                : line with
                {
                    Tail = each.IsLast,
                    Text = message.Text.Length > 0 ? message.Text : null,
                    Edited = line.Edited || message.IsEdited,
                    Raw = RawOf(message),
                };
        // Different votes, of which the later ones are unknown; WhatsApp's own text in another language, or about another event.
        if (
            line.Type is "poll" or "system"
            && message.Kind is (ExportMessageKind.Poll or ExportMessageKind.System)
            && Normalised(line.Text) != Normalised(message.Text)
            && !SaidEarlier(line, message)
        )
            return line with { Earlier = [.. line.Earlier ?? [], new ChatVersion(message.Text, now)] };
        if (
            line.Type != "text"
            || message.Kind != ExportMessageKind.Text
            || Normalised(line.Text) == Normalised(message.Text)
            || SaidEarlier(line, message)
        )
            return message.IsEdited && !line.Edited ? line with { Edited = true } : line;
        return message.IsEdited
            ? line with
            {
                Edited = true,
                Text = message.Text,
                Raw = RawOf(message),
                Earlier = [.. line.Earlier ?? [], new ChatVersion(line.Text ?? "", now)],
            }
            : line with
            {
                Earlier = [new ChatVersion(message.Text, now), .. line.Earlier ?? []],
            };
    }

    private ChatLine NewLine(Incoming each, HashSet<string> known)
    {
        var message = each.Message;
        return new ChatLine
        {
            Id = NewId(each, known),
            Time = toUtc(message.Time),
            LocalTime = message.Time.ToString(
                message.Time.Second == 0 ? "yyyy-MM-dd'T'HH:mm" : "yyyy-MM-dd'T'HH:mm:ss",
                CultureInfo.InvariantCulture
            ),
            From = message.Author is null ? null : new ChatParty(null, message.Author),
            Type = TypeOf(message),
            Text =
                message.Kind == ExportMessageKind.Deleted ? null
                : message.Text.Length > 0 ? message.Text
                : null,
            Deleted = message.Kind == ExportMessageKind.Deleted,
            Edited = message.IsEdited,
            Media = MediaOf(message),
            Tail = each.IsLast,
            Source = "export",
            Raw = RawOf(message),
        };
    }

    private string NewId(Incoming each, HashSet<string> known)
    {
        for (var number = 0; ; number++)
        {
            var what = $"{chat}\n{MinuteOf(each.Message.Time)}\n{each.Message.Author}\n{each.Content}\n{number}";
            var id = "x:" + Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(what)))[..24].ToLowerInvariant();
            if (known.Add(id))
                return id;
        }
    }

    private static string TypeOf(ExportMessage message) =>
        message.MediaType
        ?? message.Kind switch
        {
            ExportMessageKind.Location => "location",
            ExportMessageKind.Poll => "poll",
            ExportMessageKind.Call => "call",
            ExportMessageKind.System => "system",
            ExportMessageKind.Deleted => "deleted",
            ExportMessageKind.Unparsed => "unparsed",
            _ => "text",
        };

    private static ChatMedia? MediaOf(ExportMessage message) =>
        message.MediaType is null
            ? null
            : new ChatMedia { Name = message.Attachment, State = message.Attachment is null ? MediaState.Omitted : MediaState.Missing };

    private static JsonElement RawOf(ExportMessage message) => JsonSerializer.SerializeToElement(message.Raw);

    internal static string Normalised(string? text) => BidiMarks.Strip(text ?? "").Replace("\r", "", StringComparison.Ordinal).Trim();

    // The same regardless of the phone's language and clock, and of whether media were exported.
    private static string ContentOf(string type, string? text, bool hasMedia, bool deleted) =>
        (type, hasMedia, deleted) switch
        {
            (_, _, true) => "\u0001deleted",
            (_, true, _) => "\u0001media\n" + Normalised(text),
            ("location", _, _) => "\u0001location\n"
                + (Normalised(text) is var place && place.IndexOf("http", StringComparison.Ordinal) is >= 0 and var at ? place[at..] : ""),
            ("call", _, _) => "\u0001call",
            ("poll", _, _) => "\u0001poll\n" + Votes().Replace(Normalised(text), ""),
            _ => Normalised(text),
        };

    // "OPTION: Ja (2 votes)".
    [System.Text.RegularExpressions.GeneratedRegex(
        @"[ \u200E]*\(\d+[^()\n]*\)(?=\n|$)",
        System.Text.RegularExpressions.RegexOptions.CultureInvariant
    )]
    private static partial System.Text.RegularExpressions.Regex Votes();

    private sealed class Stored(ChatLine line, int place)
    {
        public ChatLine Line => line;

        /// <summary>Its position within its minute.</summary>
        public int Place => place;

        public bool IsMatched { get; set; }

        public string Content { get; } =
            ContentOf(line.Type, line.Text, line.Media is not null, line.Deleted && line.Text is null && line.Media is null);
    }

    private sealed class Incoming(ExportMessage message, bool isLast)
    {
        public ExportMessage Message => message;

        public bool IsLast => isLast;

        public Stored? Partner { get; private set; }

        public string Content { get; } =
            ContentOf(TypeOf(message), message.Text, message.MediaType is not null, message.Kind == ExportMessageKind.Deleted);

        public void Join(Stored? stored)
        {
            if (stored is null)
                return;
            Partner = stored;
            stored.IsMatched = true;
        }
    }
}
