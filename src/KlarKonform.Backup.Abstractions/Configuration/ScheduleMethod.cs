namespace KlarKonform.Backup;

/// <summary>What starts a scheduled run.</summary>
public enum ScheduleMethod
{
    /// <summary>Windows Task Scheduler on Windows, systemd where it runs, otherwise only Start-KKBackupScheduler.</summary>
    Auto,

    /// <summary>Start-KKBackupScheduler, for example in a container.</summary>
    Scheduler,

    /// <summary>Windows Task Scheduler.</summary>
    TaskScheduler,

    /// <summary>A systemd timer: the user's, or the system's for root.</summary>
    Systemd,

    /// <summary>Nothing yet: the crontab line is shown, to be added by the admin.</summary>
    Crontab,
}
