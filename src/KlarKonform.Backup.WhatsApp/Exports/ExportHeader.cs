namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>The date and time at the beginning of an export's line, not interpreted yet.</summary>
/// <param name="Style">What surrounds it.</param>
/// <param name="Separator">Between the parts of the date; 年 for the form with the three characters.</param>
/// <param name="A">First number of the date.</param>
/// <param name="B">Second.</param>
/// <param name="C">Third.</param>
/// <param name="YearDigits">How many digits the year has.</param>
/// <param name="YearFirst">Whether the year visibly comes first.</param>
/// <param name="TimeFirst">Whether the time comes before the date, as in Vietnamese.</param>
/// <param name="Hour">The hour as written.</param>
/// <param name="Minute">Minute.</param>
/// <param name="Second">Second, or <see cref="NoSecond"/>.</param>
/// <param name="Word">The folded word for the half of the day, or an unknown word; empty if there is none.</param>
/// <param name="Half">The meaning of the word; null if unknown.</param>
/// <param name="Era">The calendar that an era word stands for, or null.</param>
/// <param name="Start">Where the message begins.</param>
internal readonly record struct ExportHeader(
    ExportStyle Style,
    char Separator,
    int A,
    int B,
    int C,
    int YearDigits,
    bool YearFirst,
    bool TimeFirst,
    int Hour,
    int Minute,
    int Second,
    string Word,
    DayHalf? Half,
    string? Era,
    int Start
)
{
    /// <summary>No seconds are given.</summary>
    public const int NoSecond = -1;

    // WhatsApp dates from 2009, but a telephone whose battery was empty may think it is 1970.
    private const int MinYear = 1970;
    private const int MaxYear = 2199;

    public bool HasSeconds => Second != NoSecond;

    /// <summary>Whether there is a word that may stand for the half of the day.</summary>
    public bool HasWord => Word.Length > 0;

    /// <summary>Whether the header has the same form as the file's others.</summary>
    public bool Fits(ExportFormat format) =>
        Style == format.Style
        && Separator == format.Separator
        && YearDigits == format.YearDigits
        && (YearFirst == (format.Order == DateOrder.YearFirst) || (YearDigits == 2 && !YearFirst))
        && HasSeconds == format.HasSeconds
        && TimeFirst == format.TimeFirst
        && HalfIn(format) is { } half
        && (half != DayHalf.None) == format.HasHalves;

    /// <summary>The time in a file of this format, or null if there is no such day or hour.</summary>
    public DateTime? Time(ExportFormat format) => HalfIn(format) is { } half ? Time(format.Order, half) : null;

    /// <summary>The time, or null if there is no such day or hour.</summary>
    public DateTime? Time(DateOrder order, DayHalf half)
    {
        var (year, month, day) = (
            YearOf(order),
            order == DateOrder.MonthFirst ? A : B,
            order switch
            {
                DateOrder.YearFirst => C,
                DateOrder.MonthFirst => B,
                _ => A,
            }
        );
        var hour = DayHalves.Hour(half, Hour);
        return
            Era is null
            && year is >= MinYear and <= MaxYear
            && month is >= 1 and <= 12
            && day >= 1
            && day <= DateTime.DaysInMonth(year, month)
            && hour is >= 0 and <= 23
            && Minute <= 59
            && Second <= 59
            ? new DateTime(year, month, day, hour, Minute, Math.Max(Second, 0), DateTimeKind.Unspecified)
            : null;
    }

    /// <summary>The year as written; two digits count from 2000.</summary>
    public int YearOf(DateOrder order) => (order == DateOrder.YearFirst ? A : C) + (YearDigits == 2 ? 2000 : 0);

    private DayHalf? HalfIn(ExportFormat format) => Half ?? (format.Learnt.TryGetValue(Word, out var learnt) ? learnt : null);

    /// <summary>Reads a header, if the line begins with one.</summary>
    public static ExportHeader? Read(ReadOnlySpan<char> line)
    {
        var cursor = new HeaderCursor(line);
        var bracket = cursor.Take('[') || cursor.Take('［');

        // Most lines of long messages end here. 令和8 and R8 are years, too.
        if (!cursor.AtDigit() && !(bracket ? DayHalves.IsPart(cursor.Peek) : cursor.Peek is 'R' or 'H' or '令' or '平' or '昭' or '民'))
            return null;
        var from = cursor.Position;
        HeaderDate date;
        HeaderTime time;
        var timeFirst = false;
        if (HeaderDate.Read(ref cursor) is { } dateFirst && HeaderTime.ReadAfter(ref cursor, dateFirst) is { } after)
        {
            (date, time) = (dateFirst with { Era = after.Era ?? dateFirst.Era }, after);
        }
        else
        {
            cursor.Position = from;
            if (HeaderTime.Read(ref cursor, "") is not { } before || !(cursor.TakeAny(HeaderTime.Commas) | cursor.Blanks() > 0))
                return null;
            cursor.Blanks();
            if (HeaderDate.Read(ref cursor) is not { } dateLast)
                return null;
            cursor.Take('.');
            (date, time, timeFirst) = (dateLast, before, true);
        }

        cursor.Blanks();
        ExportStyle style;
        if (bracket)
        {
            style = ExportStyle.Bracket;
            if (!cursor.TakeAny("]］"))
                return null;
        }
        else if (cursor.TakeAny("-–—‐‑－"))
        {
            style = ExportStyle.Dash;
        }
        else if (time.Second != NoSecond && cursor.Take(':'))
        {
            style = ExportStyle.Colon;
        }
        else
        {
            return null;
        }

        // At the end of a line, an editor may have trimmed the last space.
        if (!cursor.TakeBlank() && !cursor.AtEnd && style != ExportStyle.Bracket)
            return null;
        var word = time.Half == DayHalf.None ? "" : time.Word;
        return new ExportHeader(
            style,
            date.Separator,
            date.A,
            date.B,
            date.C,
            date.YearDigits,
            date.YearFirst,
            timeFirst,
            time.Hour,
            time.Minute,
            time.Second,
            word,
            time.Half,
            date.Era,
            cursor.Position
        );
    }
}
