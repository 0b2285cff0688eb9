using System.Globalization;
using System.Xml.Linq;
using KlarKonform.Backup.Engine.Configuration;

namespace KlarKonform.Backup.Engine.Scheduling;

/// <summary>The XML of a Windows task (MS-TSCH 2.5; Task Scheduler schema 1.2).</summary>
internal static class ScheduledTask
{
    private const int MaxTriggers = 48; // The service accepts no more.

    private static readonly XNamespace s_task = "http://schemas.microsoft.com/windows/2004/02/mit/task";
    private static readonly string[] s_days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
    private static readonly string[] s_months =
    [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];

    /// <summary>The task's path.</summary>
    public static string NameOf(BackupConfiguration configuration) => $@"\KlarKonform\{configuration.Name}";

    /// <exception cref="BackupException">ScheduleNotExpressible, or ScheduleZoneNotLocal: the service supports only the machine's own time
    /// zone.</exception>
    public static XDocument Write(
        BackupConfiguration configuration,
        CronSchedule schedule,
        string powerShell,
        string script,
        string user,
        DateTimeOffset now
    )
    {
        if (!schedule.Zone.HasSameRules(TimeZoneInfo.Local))
            throw new BackupException(
                ErrorIds.ScheduleZoneNotLocal,
                BackupErrorCategory.InvalidArgument,
                schedule.Zone.Id,
                schedule.Zone.Id,
                TimeZoneInfo.Local.Id
            );
        return new XDocument(
            new XDeclaration("1.0", "UTF-16", null),
            new XElement(
                s_task + "Task",
                new XAttribute("version", "1.2"),
                new XElement(
                    s_task + "RegistrationInfo",
                    new XElement(s_task + "Author", "KlarKonform"),
                    new XElement(s_task + "Description", Texts.Get("ScheduleTaskDescription", configuration.Name)),
                    new XElement(s_task + "URI", NameOf(configuration))
                ),
                new XElement(s_task + "Triggers", Triggers(schedule, now)),
                // S4U: it runs whether or not the user is signed in, and no password is stored.
                new XElement(
                    s_task + "Principals",
                    new XElement(
                        s_task + "Principal",
                        new XAttribute("id", "Author"),
                        new XElement(s_task + "UserId", user),
                        new XElement(s_task + "LogonType", "S4U"),
                        new XElement(s_task + "RunLevel", "LeastPrivilege")
                    )
                ),
                new XElement(
                    s_task + "Settings",
                    new XElement(s_task + "MultipleInstancesPolicy", "IgnoreNew"),
                    new XElement(s_task + "DisallowStartIfOnBatteries", "false"),
                    new XElement(s_task + "StopIfGoingOnBatteries", "false"),
                    new XElement(s_task + "AllowHardTerminate", "true"),
                    new XElement(s_task + "StartWhenAvailable", "true"),
                    new XElement(s_task + "RunOnlyIfNetworkAvailable", "true"),
                    new XElement(s_task + "Enabled", "true"),
                    new XElement(s_task + "Hidden", "false"),
                    new XElement(s_task + "WakeToRun", "false"),
                    new XElement(s_task + "ExecutionTimeLimit", "PT0S"),
                    new XElement(s_task + "Priority", "7")
                ),
                new XElement(
                    s_task + "Actions",
                    new XAttribute("Context", "Author"),
                    new XElement(
                        s_task + "Exec",
                        new XElement(s_task + "Command", powerShell),
                        new XElement(s_task + "Arguments", string.Join(' ', ScheduledCommand.Arguments(script)))
                    )
                )
            )
        );
    }

    private static List<XElement> Triggers(CronSchedule schedule, DateTimeOffset now)
    {
        var fields = schedule.Cron.Split(' ');
        List<XElement> triggers = [];
        try
        {
            var (minutes, hours) = (CalendarExpressions.Values(fields[0], 0, 59, null), CalendarExpressions.Values(fields[1], 0, 23, null));
            var (days, weekdays) = (
                CalendarExpressions.Values(fields[2], 1, 31, null),
                CalendarExpressions.Values(fields[4], 0, 7, ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"])
            );
            var months = CalendarExpressions.Values(fields[3], 1, 12, [.. s_months.Select(month => month[..3])]);
            if (minutes is null || (weekdays is not null && months is not null))
                throw new FormatException();
            foreach (var hour in hours ?? [.. Enumerable.Range(0, 24)])
            {
                foreach (var minute in minutes)
                {
                    if (days is not null || months is not null)
                        triggers.Add(Trigger(now, hour, minute, ByMonth(days, months)));
                    if (weekdays is not null)
                        triggers.Add(
                            Trigger(
                                now,
                                hour,
                                minute,
                                new XElement(
                                    s_task + "ScheduleByWeek",
                                    new XElement(s_task + "WeeksInterval", 1),
                                    new XElement(
                                        s_task + "DaysOfWeek",
                                        weekdays.Select(day => day % 7).Distinct().Order().Select(day => new XElement(s_task + s_days[day]))
                                    )
                                )
                            )
                        );
                    if (days is null && months is null && weekdays is null)
                        triggers.Add(
                            Trigger(now, hour, minute, new XElement(s_task + "ScheduleByDay", new XElement(s_task + "DaysInterval", 1)))
                        );
                }
            }
        }
        catch (FormatException)
        {
            triggers.Clear();
        }

        return triggers.Count is > 0 and <= MaxTriggers
            ? triggers
            : throw new BackupException(ErrorIds.ScheduleNotExpressible, BackupErrorCategory.InvalidArgument, schedule.Cron, schedule.Cron);
    }

    private static XElement ByMonth(IReadOnlyList<int>? days, IReadOnlyList<int>? months) =>
        new(
            s_task + "ScheduleByMonth",
            new XElement(s_task + "DaysOfMonth", (days ?? [.. Enumerable.Range(1, 31)]).Select(day => new XElement(s_task + "Day", day))),
            new XElement(
                s_task + "Months",
                (months ?? [.. Enumerable.Range(1, 12)]).Select(month => new XElement(s_task + s_months[month - 1]))
            )
        );

    // The schema's triggerBaseType is a sequence: Enabled before StartBoundary.
    private static XElement Trigger(DateTimeOffset now, int hour, int minute, XElement when) =>
        new(
            s_task + "CalendarTrigger",
            new XElement(s_task + "Enabled", "true"),
            new XElement(
                s_task + "StartBoundary",
                now.Date.AddHours(hour).AddMinutes(minute).ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture)
            ),
            when
        );
}
