namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>
/// What all headers of one form show together: the order of the date's parts, the calendar, the words for parts of the day.
/// </summary>
internal sealed class FormVotes(FormKey key, ExportFiles? files)
{
    // WhatsApp was founded in 2009. A telephone whose battery was empty writes earlier years, but not most of the time.
    private const int FirstYear = 2009;

    private readonly OrderVotes _dayFirst = new(DateOrder.DayFirst);
    private readonly OrderVotes _monthFirst = new(DateOrder.MonthFirst);
    private readonly OrderVotes _yearFirst = new(DateOrder.YearFirst);
    private readonly Dictionary<int, int> _lastYears = [];
    private readonly Dictionary<int, int> _firstYears = [];
    private readonly Dictionary<string, int> _eras = new(StringComparer.Ordinal);
    private readonly WordVotes _words = new();
    private readonly FileHabits _habits = new(files);
    private int _dayBeyondTwelve;
    private int _monthBeyondTwelve;
    private bool _eastern;

    public int Count { get; private set; }

    /// <summary>Whether a header may be a date in any order, or in another calendar.</summary>
    public static bool IsDate(ExportHeader header) =>
        header.Minute <= 59
        && header.Second <= 59
        && header.Hour <= 23
        && (
            header.YearFirst
                ? Fits(header.B, header.C)
                : Fits(header.B, header.A) || Fits(header.A, header.B) || (header.YearDigits == 2 && Fits(header.B, header.C))
        );

    public void Add(ExportHeader header, string line)
    {
        Count++;
        _dayBeyondTwelve += header.A > 12 ? 1 : 0;
        _monthBeyondTwelve += header.B > 12 ? 1 : 0;
        var half = header.Half ?? DayHalf.None;
        _dayFirst.Add(header, half);
        _monthFirst.Add(header, half);
        _yearFirst.Add(header, half);
        CountYear(_lastYears, header.YearOf(DateOrder.DayFirst));
        CountYear(_firstYears, header.YearOf(DateOrder.YearFirst));
        if (header.Era is { } era)
            _eras[era] = _eras.GetValueOrDefault(era) + 1;
        _words.Add(header);
        _eastern |= header.Word.Length > 0 && header.Word[0] >= '\u2E80';
        _habits.Add(header, line);
    }

    /// <exception cref="WhatsAppException">UnknownTimes.</exception>
    public ExportFormat Format(DateOrder? wanted, DateTimeOffset? now)
    {
        var (order, assumed) = Order(wanted);
        CheckYears(order, now);
        var (hasHalves, learnt) = _words.Learn();
        return _habits.Teach(
            new ExportFormat(key.Style, key.Separator, key.YearDigits, key.HasSeconds, hasHalves, order)
            {
                TimeFirst = key.TimeFirst,
                IsOrderAssumed = assumed,
                Learnt = learnt,
            }
        );
    }

    private static bool Fits(int month, int day) => month is >= 1 and <= 12 && day is >= 1 and <= 31;

    private static void CountYear(Dictionary<int, int> years, int year)
    {
        if (years.Count < 4096 || years.ContainsKey(year))
            years[year] = years.GetValueOrDefault(year) + 1;
    }

    private (DateOrder Order, bool Assumed) Order(DateOrder? wanted)
    {
        if (key.YearFirst)
            return (DateOrder.YearFirst, false);
        if (wanted is { } given && (given != DateOrder.YearFirst || key.YearDigits == 2))
            return (given, false);
        if (key.YearDigits == 2 && IsYearFirst(out var guessed))
            return (DateOrder.YearFirst, guessed);
        if (key.Separator != '/')
            return (DateOrder.DayFirst, false); // No one writes the month first with dots or hyphens and the year last.
        if (_dayBeyondTwelve != _monthBeyondTwelve)
            return (_dayBeyondTwelve > _monthBeyondTwelve ? DateOrder.DayFirst : DateOrder.MonthFirst, false);
        if (_dayFirst.Backwards != _monthFirst.Backwards)
            return (_dayFirst.Backwards < _monthFirst.Backwards ? DateOrder.DayFirst : DateOrder.MonthFirst, false);

        // A 12-hour clock and a two-digit year: the United States.
        return (key is { HasWord: true, YearDigits: 2 } ? DateOrder.MonthFirst : DateOrder.DayFirst, true);
    }

    // 26. 11. 24.: the years of a chat are few and close together, while its days take all values.
    private bool IsYearFirst(out bool guessed)
    {
        guessed = false;
        var (last, first) = (
            Math.Min(_dayFirst.Impossible, key.Separator == '/' ? _monthFirst.Impossible : int.MaxValue),
            _yearFirst.Impossible
        );
        if (last != first)
            return first * 2 < last || (_eastern && first < last);
        var backwards = Math.Min(_dayFirst.Backwards, key.Separator == '/' ? _monthFirst.Backwards : int.MaxValue);
        if (_yearFirst.Backwards != backwards)
            return _yearFirst.Backwards * 2 < backwards;

        // Undecided: in Chinese, Japanese and Korean the year comes first.
        guessed = _eastern;
        return _eastern;
    }

    private void CheckYears(DateOrder order, DateTimeOffset? now)
    {
        if (_eras.Count > 0 && _eras.Values.Sum() * 2 > Count)
            throw Unknown($"Its years are those of {_eras.MaxBy(era => era.Value).Key}.");
        var last = now?.AddYears(1).Year ?? 2199;
        var years = order == DateOrder.YearFirst ? _firstYears : _lastYears;
        var strange = years.Where(year => year.Key < FirstYear || year.Key > last).ToArray();
        if (strange.Sum(year => year.Value) * 2 > Count)
            throw Unknown(
                $"Most of its years are not those of WhatsApp but of {ExportEra.Of(strange.MaxBy(year => year.Value).Key, key.YearDigits)}."
            );
    }

    private static WhatsAppException Unknown(string reason) =>
        new(WhatsAppErrorKind.UnknownTimes, "The times of the chat are not understood. " + reason);

    private sealed class OrderVotes(DateOrder order)
    {
        private DateTime _last;

        public int Backwards { get; private set; }

        public int Impossible { get; private set; }

        public void Add(ExportHeader header, DayHalf half)
        {
            if ((header.YearFirst && order != DateOrder.YearFirst) || header.Time(order, half) is not { } time || time.Year < FirstYear)
            {
                Impossible++;
                return;
            }

            Backwards += time < _last ? 1 : 0;
            _last = time;
        }
    }
}
