using System.Text;
using KlarKonform.Backup.Engine.Configuration;

namespace KlarKonform.Backup.Engine.Scheduling;

/// <summary>
/// A timer and its service. A run that was missed while the machine was off is made up once; a run that is still active is not started
/// twice.
/// </summary>
internal static class SystemdUnits
{
    /// <summary>The units' name without its extension.</summary>
    public static string NameOf(BackupConfiguration configuration) => $"klarkonform-backup-{configuration.Id:N}";

    public static string Timer(BackupConfiguration configuration, CronSchedule schedule)
    {
        var text = new StringBuilder($"[Unit]\nDescription=KlarKonform Backup: {Plain(configuration.Name)}\n\n[Timer]\n");
        text.Append("OnCalendar=").Append(CalendarExpressions.Of(schedule)).Append('\n');
        return text.Append("Persistent=true\nAccuracySec=1min\nUnit=")
            .Append(NameOf(configuration))
            .Append(".service\n\n[Install]\nWantedBy=timers.target\n")
            .ToString();
    }

    public static string Service(BackupConfiguration configuration, string powerShell, string script) =>
        $"[Unit]\nDescription=KlarKonform Backup: {Plain(configuration.Name)}\nAfter=network-online.target\n"
        + $"Wants=network-online.target\n\n[Service]\nType=oneshot\n"
        + $"ExecStart={string.Join(' ', new[] { powerShell }.Concat(ScheduledCommand.Arguments(script)).Select(Quote))}\n"
        // A stop saves a checkpoint within ten seconds; a partial run is not a failed unit.
        + "KillSignal=SIGINT\nTimeoutStopSec=30\nSuccessExitStatus=1\nNice=5\nIOSchedulingClass=best-effort\nIOSchedulingPriority=6\n";

    // systemd expands % and $ in commands.
    private static string Quote(string text) =>
        '"'
        + text.Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("%", "%%", StringComparison.Ordinal)
            .Replace("$", "$$", StringComparison.Ordinal)
        + '"';

    private static string Plain(string text) => text.Replace("%", "%%", StringComparison.Ordinal);
}
