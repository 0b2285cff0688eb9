namespace KlarKonform.Backup;

/// <summary>Who starts a scheduled run.</summary>
public enum ScheduleMethod
{
    /// <summary>Windows Task Scheduler on Windows, systemd where it runs, else nobody but Start-KKBackupScheduler.</summary>
    Auto,

    /// <summary>Start-KKBackupScheduler, in a container for example.</summary>
    Scheduler,

    /// <summary>Windows Task Scheduler.</summary>
    TaskScheduler,

    /// <summary>A systemd timer: the user's, or the system's for root.</summary>
    Systemd,

    /// <summary>Nobody yet: the crontab line is shown, to be put where it belongs.</summary>
    Crontab,
}
