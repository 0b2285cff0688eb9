using Cronos;

namespace KlarKonform.Backup.Engine.Configuration;

/// <summary>
/// Cron fields in a time zone. When clocks go forward, a time that does not exist becomes the first one that does; when they go back, a
/// fixed time occurs once (Cronos' rules).
/// </summary>
internal sealed class CronSchedule
{
    private readonly CronExpression _expression;

    private CronSchedule(string cron, CronExpression expression, TimeZoneInfo zone)
    {
        Cron = cron;
        _expression = expression;
        Zone = zone;
    }

    /// <summary>The fields as given, with normalised spaces.</summary>
    public string Cron { get; }

    public TimeZoneInfo Zone { get; }

    /// <summary>Reads a schedule.</summary>
    /// <exception cref="BackupException">ScheduleInvalid or ScheduleZoneUnknown.</exception>
    public static CronSchedule Of(ScheduleSettings settings)
    {
        TimeZoneInfo zone;
        try
        {
            zone = settings.TimeZone is null ? TimeZoneInfo.Local : TimeZoneInfo.FindSystemTimeZoneById(settings.TimeZone);
        }
        catch (Exception exception) when (exception is TimeZoneNotFoundException or InvalidTimeZoneException)
        {
            throw new BackupException(
                ErrorIds.ScheduleZoneUnknown,
                BackupErrorCategory.InvalidArgument,
                settings.TimeZone,
                settings.TimeZone
            );
        }

        try
        {
            // Some programs combine the two with "and", some with "or": no one should have to find out at night which.
            if (settings.Cron.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) is [_, _, not ("*" or "?"), _, not ("*" or "?")])
                throw new BackupException(
                    ErrorIds.ScheduleInvalid,
                    BackupErrorCategory.InvalidArgument,
                    settings.Cron,
                    settings.Cron,
                    Texts.Get("ScheduleDayAndWeekday")
                );
            var cron = string.Join(' ', settings.Cron.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
            return new CronSchedule(cron, CronExpression.Parse(cron), zone);
        }
        catch (CronFormatException exception)
        {
            throw new BackupException(
                ErrorIds.ScheduleInvalid,
                BackupErrorCategory.InvalidArgument,
                settings.Cron,
                settings.Cron,
                exception.Message
            );
        }
    }

    /// <summary>The first time after another; null if there never is one.</summary>
    public DateTimeOffset? Next(DateTimeOffset after) => _expression.GetNextOccurrence(after, Zone)?.ToUniversalTime();
}
