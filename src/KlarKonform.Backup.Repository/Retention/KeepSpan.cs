namespace KlarKonform.Backup.Repository.Retention;

/// <summary>A span of calendar time, as restic writes it: <c>1y6m14d2h</c>.</summary>
/// <param name="Years">Years.</param>
/// <param name="Months">Months.</param>
/// <param name="Days">Days.</param>
/// <param name="Hours">Hours.</param>
public readonly record struct KeepSpan(int Years, int Months, int Days, int Hours = 0)
{
    private const int MonthsAYear = 12;

    /// <summary>Whether it is empty.</summary>
    public bool IsZero => this == default;

    /// <summary>The time that lies this span before a moment, in the calendar of the moment's own offset.</summary>
    /// <remarks>Go's <c>Time.AddDate</c>: a day that does not exist in a month moves into the next month.</remarks>
    public DateTimeOffset Before(DateTimeOffset moment)
    {
        var months = ((moment.Year - Years) * MonthsAYear) + moment.Month - 1 - Months;
        if (months < MonthsAYear)
            return DateTimeOffset.MinValue;
        var first = new DateTime(months / MonthsAYear, (months % MonthsAYear) + 1, 1);
        var day = first.AddDays(moment.Day - 1 - Days) + moment.TimeOfDay;
        return new DateTimeOffset(day, moment.Offset).AddHours(-Hours);
    }

    /// <inheritdoc />
    public override string ToString() => IsZero ? "0d" : $"{Part(Years, 'y')}{Part(Months, 'm')}{Part(Days, 'd')}{Part(Hours, 'h')}";

    private static string Part(int count, char unit) =>
        count == 0 ? "" : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{count}{unit}");
}
