namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>
/// Interprets words next to the hour that no table knows: if there are two, they are the halves of the day, and their order within days
/// shows which is the morning. If it is uncertain, nothing is guessed: an error of twelve hours is too much.
/// </summary>
internal sealed class WordVotes
{
    // A file has two such words, or a dozen if the day has parts; more come from lines that are not headers.
    private const int MaxWords = 32;

    private readonly Dictionary<string, (DayHalf? Half, int Index, int Count, int Beyond)> _words = new(StringComparer.Ordinal);
    private readonly int[,] _followers = new int[MaxWords, MaxWords];
    private (int A, int B, int C, int Index)? _last;
    private int _count;

    public void Add(ExportHeader header)
    {
        if (!header.HasWord)
            return;
        _count++;
        if (!_words.TryGetValue(header.Word, out var word))
        {
            if (_words.Count == MaxWords)
                return;
            word = (header.Half, _words.Count, 0, 0);
        }

        // Zero o'clock belongs to a 24-hour clock, or in Japan to a 12-hour clock; 13 to a 24-hour clock.
        _words[header.Word] = word with
        {
            Count = word.Count + 1,
            Beyond = word.Beyond + (header.Hour > 12 ? 1 : 0),
        };
        if (_last is { } last && (last.A, last.B, last.C) == (header.A, header.B, header.C))
            _followers[last.Index, word.Index]++;
        _last = (header.A, header.B, header.C, word.Index);
    }

    /// <summary>Whether the file uses a 12-hour clock, and what the unknown words mean.</summary>
    /// <exception cref="WhatsAppException">UnknownTimes.</exception>
    public (bool HasHalves, IReadOnlyDictionary<string, DayHalf> Learnt) Learn()
    {
        var learnt = new Dictionary<string, DayHalf>(StringComparer.Ordinal);
        var unknown = _words.Where(word => word.Value.Half is null).ToArray();
        var known = _words.Where(word => word.Value.Half is not null).ToArray();
        var lost = unknown.Sum(word => word.Value.Count);
        if (lost == 0 || (known.Length > 0 && lost * 100 < _count && lost < 10))
            return (known.Length > 0, learnt); // A few lines among many are pasted text.

        if (known.Length == 0 && unknown.All(word => word.Value.Beyond > 0))
        {
            // 13 and more: the words mean "at".
            foreach (var (word, _) in unknown)
                learnt[word] = DayHalf.None;
            return (false, learnt);
        }

        if (unknown.Length + known.Length == 2 && _words.Values.All(word => word.Beyond == 0) && Morning() is { } morning)
        {
            foreach (var (word, what) in unknown)
                learnt[word] = what.Index == morning ? DayHalf.Morning : DayHalf.Afternoon;
            if (known.All(word => word.Value.Half == (word.Value.Index == morning ? DayHalf.Morning : DayHalf.Afternoon)))
                return (true, learnt);
        }

        throw new WhatsAppException(
            WhatsAppErrorKind.UnknownTimes,
            "The times of the chat are not understood. It has words beside the hour of which nobody knows which half of the day they mean."
        );
    }

    // Which of two words comes first within days, if one does almost always.
    private int? Morning()
    {
        var (zeroFirst, oneFirst) = (_followers[0, 1], _followers[1, 0]);
        return zeroFirst > 4 * oneFirst ? 0
            : oneFirst > 4 * zeroFirst ? 1
            : null;
    }
}
