namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>Finds out how an export writes its times.</summary>
public static class ExportDetector
{
    /// <summary>Reads an export once to its end.</summary>
    /// <param name="text">The export's text.</param>
    /// <param name="order">The order of day and month, where the admin knows it better; else null.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="WhatsAppException">NotAChat or WrongEncoding.</exception>
    public static async Task<ExportFormat> DetectAsync(Stream text, DateOrder? order, CancellationToken cancellationToken)
    {
        var forms = new Dictionary<ExportFormat, Votes>();
        Votes? first = null;
        var number = 0;
        await foreach (var line in RawLines.ReadAsync(text, cancellationToken).ConfigureAwait(false))
        {
            number++;
            if (ExportHeader.Read(line) is not { } header || (header.Time(header.YearFirst ? DateOrder.YearFirst : DateOrder.DayFirst) ?? header.Time(DateOrder.MonthFirst)) is null)
                continue;
            var form = new ExportFormat(header.Style, header.Separator, header.YearDigits, header.HasSeconds, header.HasHalves, header.YearFirst ? DateOrder.YearFirst : DateOrder.DayFirst);
            if (!forms.TryGetValue(form, out var votes))
                forms[form] = votes = new Votes(form);
            votes.Add(header);

            // An export begins with a message. Whatever else looks like one may be an older export that somebody pasted.
            if (number == 1)
                first = votes;
        }

        return (first ?? forms.Values.MaxBy(votes => votes.Count) ?? throw new WhatsAppException(WhatsAppErrorKind.NotAChat, "No line begins with a date and a time as WhatsApp writes them.")).Format(order);
    }

    private sealed class Votes(ExportFormat form)
    {
        private int _dayBeyondTwelve;
        private int _monthBeyondTwelve;
        private int _dayFirstBackwards;
        private int _monthFirstBackwards;
        private DateTime _lastDayFirst;
        private DateTime _lastMonthFirst;

        public int Count { get; private set; }

        public void Add(ExportHeader header)
        {
            Count++;
            if (header.A > 12)
                _dayBeyondTwelve++;
            if (header.B > 12)
                _monthBeyondTwelve++;
            if (header.Time(DateOrder.DayFirst) is { } dayFirst)
            {
                _dayFirstBackwards += dayFirst < _lastDayFirst ? 1 : 0;
                _lastDayFirst = dayFirst;
            }

            if (header.Time(DateOrder.MonthFirst) is { } monthFirst)
            {
                _monthFirstBackwards += monthFirst < _lastMonthFirst ? 1 : 0;
                _lastMonthFirst = monthFirst;
            }
        }

        public ExportFormat Format(DateOrder? wanted)
        {
            if (form.Order == DateOrder.YearFirst)
                return form;
            if (wanted is DateOrder.DayFirst or DateOrder.MonthFirst)
                return form with { Order = wanted.Value };
            if (form.Separator != '/')
                return form; // Nobody writes the month first with points or hyphens and the year last.
            if (_dayBeyondTwelve != _monthBeyondTwelve)
                return form with { Order = _dayBeyondTwelve > _monthBeyondTwelve ? DateOrder.DayFirst : DateOrder.MonthFirst };
            if (_dayFirstBackwards != _monthFirstBackwards)
                return form with { Order = _dayFirstBackwards < _monthFirstBackwards ? DateOrder.DayFirst : DateOrder.MonthFirst };

            // Twelve hours and a short year: the United States.
            return form with { Order = form is { HasHalves: true, YearDigits: 2 } ? DateOrder.MonthFirst : DateOrder.DayFirst, IsOrderAssumed = true };
        }
    }
}
