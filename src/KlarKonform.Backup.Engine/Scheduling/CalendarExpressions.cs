using System.Globalization;
using KlarKonform.Backup.Engine.Configuration;

namespace KlarKonform.Backup.Engine.Scheduling;

/// <summary>Cron fields as systemd's calendar events (systemd.time(7)).</summary>
internal static class CalendarExpressions
{
    private static readonly string[] s_days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    private static readonly string[] s_months = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

    /// <summary>The expression. Day of month and day of week are never both restricted.</summary>
    /// <exception cref="BackupException">ScheduleNotExpressible: there is no equivalent of cron's L, W, # and macros.</exception>
    public static string Of(CronSchedule schedule)
    {
        var fields = schedule.Cron.Split(' ');
        if (fields.Length != 5)
            throw NotExpressible(schedule);
        try
        {
            var time = $"{List(Values(fields[1], 0, 23, null))}:{List(Values(fields[0], 0, 59, null))}:00";
            var months = List(Values(fields[3], 1, 12, s_months));
            var weekdays = Values(fields[4], 0, 7, s_days) is { } days
                ? string.Join(',', days.Select(day => s_days[day % 7]).Distinct()) + " "
                : "";
            return $"{weekdays}*-{months}-{List(Values(fields[2], 1, 31, null))} {time} {Zone(schedule)}";
        }
        catch (FormatException)
        {
            throw NotExpressible(schedule);
        }
    }

    /// <summary>The values of a field, or null for all.</summary>
    /// <exception cref="FormatException">It contains more than values.</exception>
    public static IReadOnlyList<int>? Values(string field, int first, int last, string[]? names)
    {
        if (field is "*" or "?")
            return null;
        var values = new SortedSet<int>();
        foreach (var part in field.Split(','))
        {
            var step = part.Split('/');
            var bounds = step[0].Split('-');
            var (from, to) =
                step[0] == "*"
                    ? (first, last)
                    : (
                        Number(bounds[0], names),
                        bounds.Length > 1 ? Number(bounds[1], names)
                        : step.Length > 1 ? last
                        : Number(bounds[0], names)
                    );
            var every = step.Length > 1 ? int.Parse(step[1], NumberStyles.None, CultureInfo.InvariantCulture) : 1;

            // A range may wrap around: Fri-Mon, 22-2.
            var size = last == 7 ? 7 : last - first + 1;
            for (var value = from; value <= (to < from ? to + size : to); value += every)
                values.Add(value > last ? value - size : value);
        }

        return [.. values];
    }

    private static int Number(string text, string[]? names)
    {
        var index = names is null ? -1 : Array.FindIndex(names, name => string.Equals(name, text, StringComparison.OrdinalIgnoreCase));
        return index >= 0 ? index + (names!.Length == 12 ? 1 : 0) : int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
    }

    private static string List(IReadOnlyList<int>? values) =>
        values is null ? "*" : string.Join(',', values.Select(value => value.ToString("00", CultureInfo.InvariantCulture)));

    private static string Zone(CronSchedule schedule) =>
        TimeZoneInfo.TryConvertWindowsIdToIanaId(schedule.Zone.Id, out var iana) ? iana : schedule.Zone.Id;

    private static BackupException NotExpressible(CronSchedule schedule) =>
        new(ErrorIds.ScheduleNotExpressible, BackupErrorCategory.InvalidArgument, schedule.Cron, schedule.Cron);
}
