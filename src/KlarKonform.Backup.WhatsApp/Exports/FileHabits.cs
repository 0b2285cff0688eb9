namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>
/// Learns from a whole file what no list of words contains: the words next to names of attached files, marks of omitted media, names with a
/// colon. Each is kept only as long as there are few of them.
/// </summary>
internal sealed class FileHabits(ExportFiles? files)
{
    private const int MaxKept = 1024;
    private const int MaxMark = 64;

    // People write "<grin>" too; WhatsApp repeats its mark again and again.
    private const int Often = 3;

    private readonly Dictionary<string, int> _attached = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _marks = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (string Second, int Count, bool Same, bool Own)> _names = new(StringComparer.Ordinal);
    private bool _knowsMarks;

    public void Add(ExportHeader header, string line)
    {
        var said = line.AsSpan(header.Start).TrimEnd("\r\n");
        var colon = said.IndexOf(": ");
        if (colon <= 0)
            return;
        var rest = said[(colon + 2)..];
        AddName(said[..colon], rest);
        var plain = BidiMarks.Strip(rest.ToString()).Trim();
        if (plain.Length is >= 3 and <= MaxMark && plain[0] == '<' && plain[^1] == '>')
        {
            var mark = plain[1..^1].Trim();
            _knowsMarks |= ExportWords.IsOmitted(mark);
            if (mark.Length > 0 && mark.AsSpan().IndexOfAny("<>:：") < 0 && !mark.Any(char.IsDigit))
                Count(_marks, mark);
        }
        else if (files is not null && AttachmentMarks.Bracketed(plain, files) is { } attached && !attached.Words.Any(char.IsDigit))
        {
            Count(_attached, ExportWords.Fold(attached.Words));
        }
    }

    public ExportFormat Teach(ExportFormat format) =>
        format with
        {
            AttachedWords = _attached.Count == 0 ? null : _attached.MaxBy(words => words.Value).Key,
            OmittedMarks = _knowsMarks
                ? new HashSet<string>()
                : _marks.Where(mark => mark.Value >= Often).Select(mark => mark.Key).ToHashSet(StringComparer.Ordinal),
            LongNames = _names
                .Where(name => name.Value is { Same: true, Own: true, Count: >= Often })
                .ToDictionary(name => name.Key, name => name.Key + ": " + name.Value.Second, StringComparer.Ordinal),
        };

    // "Firma: Vertrieb: Guten Tag": if the same text always follows, even before WhatsApp's own words, it is part of the name.
    private void AddName(ReadOnlySpan<char> first, ReadOnlySpan<char> rest)
    {
        var name = BidiMarks.Strip(first.ToString()).Trim();
        var colon = rest.IndexOf(": ");
        var second = colon is > 0 and <= MaxMark ? rest[..colon].ToString() : "";
        var own = second.Length > 0 && IsOwn(rest[(colon + 2)..]);
        if (_names.TryGetValue(name, out var known))
            _names[name] = (known.Second, known.Count + 1, known.Same && second == known.Second && second.Length > 0, known.Own || own);
        else if (_names.Count < MaxKept)
            _names[name] = (second, 1, second.Length > 0, own);
    }

    private static bool IsOwn(ReadOnlySpan<char> said)
    {
        if (said.Length == 0 || said.Length > 512)
            return false;
        var text = said.ToString();
        var plain = BidiMarks.Strip(text).Trim();
        return BidiMarks.IsOwn(text[0])
            || (plain.Length > 2 && plain[0] == '<' && plain[^1] == '>')
            || ExportWords.IsDeleted(plain)
            || (plain.EndsWith(')') && plain.LastIndexOf('(') is > 0 and var open && ExportWords.IsFileAttached(plain[(open + 1)..^1]));
    }

    private static void Count(Dictionary<string, int> counts, string what)
    {
        if (counts.Count < MaxKept || counts.ContainsKey(what))
            counts[what] = counts.GetValueOrDefault(what) + 1;
    }
}
