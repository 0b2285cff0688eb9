using System.ComponentModel;
using System.Diagnostics;
using KlarKonform.Backup.Engine.Configuration;

namespace KlarKonform.Backup.Engine.Scheduling;

/// <summary>Writes schedules into configurations and registers them with the operating system.</summary>
internal sealed class ScheduleRegistrar(ConfigurationStore configurations, BackupHome home, TimeProvider time)
{
    /// <summary>Sets a schedule; a previous registration is replaced.</summary>
    public async Task<BackupSchedule> SetAsync(string name, ScheduleRequest request, CancellationToken cancellationToken)
    {
        var configuration = await configurations.GetAsync(name, cancellationToken);
        var schedule = CronSchedule.Of(request.Schedule);
        if (request.Schedule.ShardCount is < 1 or > BackupOptions.MaxShards)
            throw new BackupException(
                ErrorIds.ShardCountInvalid,
                BackupErrorCategory.InvalidArgument,
                name,
                request.Schedule.ShardCount,
                BackupOptions.MaxShards
            );
        var method = request.Method == ScheduleMethod.Auto ? Own() : request.Method;
        var script = ScheduledCommand.Script(configuration.Name, request.Schedule, request.Module, home.GivenRoot);
        var definition = method switch
        {
            ScheduleMethod.Systemd => SystemdUnits.Timer(configuration, schedule)
                + "\n"
                + SystemdUnits.Service(configuration, request.PowerShell, script),
            ScheduleMethod.TaskScheduler => ScheduledTask
                .Write(
                    configuration,
                    schedule,
                    request.PowerShell,
                    script,
                    $@"{Environment.UserDomainName}\{Environment.UserName}",
                    time.GetLocalNow()
                )
                .ToString(),
            ScheduleMethod.Crontab => CrontabLine(schedule, request.PowerShell, script),
            _ => "",
        };
        if (!request.PlanOnly)
        {
            await RegisterAsync(method, configuration, request, schedule, script, definition, cancellationToken);
            await configurations.SaveAsync(configuration with { Schedule = request.Schedule }, cancellationToken);
        }

        return Describe(configuration.Name, request.Schedule, schedule, method, definition);
    }

    /// <summary>Removes a schedule, wherever it was registered.</summary>
    public async Task RemoveAsync(string name, CancellationToken cancellationToken)
    {
        var configuration = await configurations.GetAsync(name, cancellationToken);
        if (configuration.Schedule is null)
            throw new BackupException(ErrorIds.ScheduleMissing, BackupErrorCategory.ObjectNotFound, name, name);
        await UnregisterAsync(configuration, cancellationToken);
        await configurations.SaveAsync(configuration with { Schedule = null }, cancellationToken);
    }

    /// <summary>Enables a schedule again.</summary>
    public Task<BackupSchedule> EnableAsync(string name, CancellationToken cancellationToken) =>
        SwitchAsync(name, settings => settings with { Enabled = true }, cancellationToken);

    /// <summary>Disables a schedule, which stays registered.</summary>
    public Task<BackupSchedule> DisableAsync(string name, CancellationToken cancellationToken) =>
        SwitchAsync(name, settings => settings with { Enabled = false }, cancellationToken);

    /// <summary>When a configuration runs next; null if nothing is planned.</summary>
    public static DateTimeOffset? NextRun(BackupConfiguration configuration, DateTimeOffset now)
    {
        try
        {
            return configuration.Schedule is { Enabled: true } schedule ? CronSchedule.Of(schedule).Next(now) : null;
        }
        catch (BackupException)
        {
            return null; // Edited by hand: the validation of the next change reports the error; a status must not fail because of it.
        }
    }

    private async Task<BackupSchedule> SwitchAsync(
        string name,
        Func<ScheduleSettings, ScheduleSettings> change,
        CancellationToken cancellationToken
    )
    {
        var configuration = await configurations.GetAsync(name, cancellationToken);
        if (configuration.Schedule is not { } settings)
            throw new BackupException(ErrorIds.ScheduleMissing, BackupErrorCategory.ObjectNotFound, name, name);
        settings = change(settings);
        var unit = SystemdUnits.NameOf(configuration) + ".timer";
        if (File.Exists(Path.Combine(UnitFolder(), unit)))
            await RunAsync("systemctl", [.. Scope(), settings.Enabled ? "enable" : "disable", "--now", unit], cancellationToken);
        else if (OperatingSystem.IsWindows() && await ExistsAsync(configuration, cancellationToken))
            await RunAsync(
                "schtasks",
                ["/Change", "/TN", ScheduledTask.NameOf(configuration), settings.Enabled ? "/ENABLE" : "/DISABLE"],
                cancellationToken
            );
        await configurations.SaveAsync(configuration with { Schedule = settings }, cancellationToken);
        return Describe(configuration.Name, settings, CronSchedule.Of(settings), ScheduleMethod.Auto, "");
    }

    private BackupSchedule Describe(
        string name,
        ScheduleSettings settings,
        CronSchedule schedule,
        ScheduleMethod method,
        string definition
    ) =>
        new()
        {
            Configuration = name,
            Cron = schedule.Cron,
            TimeZone = schedule.Zone.Id,
            Enabled = settings.Enabled,
            ShardCount = settings.ShardCount ?? 1,
            NextRun = settings.Enabled ? schedule.Next(time.GetUtcNow()) : null,
            Method = method,
            Definition = definition,
            Note = method switch
            {
                // A user's own systemd ends when the user's last session does, unless lingering is enabled.
                ScheduleMethod.Systemd when !IsRoot && !File.Exists(Path.Combine("/var/lib/systemd/linger", Environment.UserName)) =>
                    Texts.Get("ScheduleLinger", Environment.UserName),
                ScheduleMethod.Scheduler => Texts.Get("ScheduleNeedsScheduler"),
                ScheduleMethod.Crontab when !schedule.Zone.HasSameRules(TimeZoneInfo.Local) => Texts.Get("ScheduleNeedsCrontab")
                    + " "
                    + Texts.Get("ScheduleCrontabZone", schedule.Zone.Id),
                ScheduleMethod.Crontab => Texts.Get("ScheduleNeedsCrontab"),
                _ => null,
            },
        };

    // Only what every cron reads the same way; a percent sign would end the command (crontab(5)).
    private static string CrontabLine(CronSchedule schedule, string powerShell, string script)
    {
        _ = CalendarExpressions.Of(schedule);
        var zone = schedule.Zone.HasSameRules(TimeZoneInfo.Local) ? "" : $"CRON_TZ={schedule.Zone.Id}\n";
        var command = ScheduledCommand.Arguments(script).Prepend(powerShell.Replace(" ", "\\ ", StringComparison.Ordinal));
        return $"{zone}{schedule.Cron.Replace('?', '*')} {string.Join(' ', command).Replace("%", "\\%", StringComparison.Ordinal)}\n";
    }

    private static ScheduleMethod Own() =>
        OperatingSystem.IsWindows() ? ScheduleMethod.TaskScheduler
        : Directory.Exists("/run/systemd/system") ? ScheduleMethod.Systemd
        : ScheduleMethod.Scheduler;

    private static bool IsRoot => Environment.IsPrivilegedProcess;

    private static string UnitFolder() =>
        IsRoot && !OperatingSystem.IsWindows()
            ? "/etc/systemd/system"
            : Path.Combine(
                Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData, Environment.SpecialFolderOption.DoNotVerify),
                "systemd",
                "user"
            );

    private static string[] Scope() => IsRoot ? ["--system"] : ["--user"];

    private static async Task RegisterAsync(
        ScheduleMethod method,
        BackupConfiguration configuration,
        ScheduleRequest request,
        CronSchedule schedule,
        string script,
        string definition,
        CancellationToken cancellationToken
    )
    {
        switch (method)
        {
            case ScheduleMethod.Scheduler or ScheduleMethod.Crontab:
                // Otherwise the previous timer would start it too.
                await UnregisterAsync(configuration, cancellationToken);
                break;
            case ScheduleMethod.Systemd:
                var folder = UnitFolder();
                Directory.CreateDirectory(folder);
                var unit = SystemdUnits.NameOf(configuration);
                await File.WriteAllTextAsync(
                    Path.Combine(folder, unit + ".service"),
                    SystemdUnits.Service(configuration, request.PowerShell, script),
                    cancellationToken
                );
                await File.WriteAllTextAsync(
                    Path.Combine(folder, unit + ".timer"),
                    SystemdUnits.Timer(configuration, schedule),
                    cancellationToken
                );
                await RunAsync("systemctl", [.. Scope(), "daemon-reload"], cancellationToken);
                await RunAsync(
                    "systemctl",
                    [.. Scope(), request.Schedule.Enabled ? "enable" : "disable", "--now", unit + ".timer"],
                    cancellationToken
                );
                break;
            case ScheduleMethod.TaskScheduler:
                var file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.xml");
                try
                {
                    await File.WriteAllTextAsync(file, definition, System.Text.Encoding.Unicode, cancellationToken);
                    await RunAsync(
                        "schtasks",
                        ["/Create", "/F", "/TN", ScheduledTask.NameOf(configuration), "/XML", file],
                        cancellationToken
                    );
                }
                finally
                {
                    File.Delete(file);
                }

                break;
        }
    }

    private static async Task UnregisterAsync(BackupConfiguration configuration, CancellationToken cancellationToken)
    {
        var unit = SystemdUnits.NameOf(configuration);
        if (File.Exists(Path.Combine(UnitFolder(), unit + ".timer")))
        {
            await RunAsync("systemctl", [.. Scope(), "disable", "--now", unit + ".timer"], cancellationToken);
            File.Delete(Path.Combine(UnitFolder(), unit + ".timer"));
            File.Delete(Path.Combine(UnitFolder(), unit + ".service"));
            await RunAsync("systemctl", [.. Scope(), "daemon-reload"], cancellationToken);
        }
        else if (OperatingSystem.IsWindows() && await ExistsAsync(configuration, cancellationToken))
        {
            await RunAsync("schtasks", ["/Delete", "/F", "/TN", ScheduledTask.NameOf(configuration)], cancellationToken);
        }
    }

    private static async Task<bool> ExistsAsync(BackupConfiguration configuration, CancellationToken cancellationToken)
    {
        try
        {
            await RunAsync("schtasks", ["/Query", "/TN", ScheduledTask.NameOf(configuration)], cancellationToken);
            return true;
        }
        catch (BackupException)
        {
            return false; // Registered in some other way, or not at all.
        }
    }

    /// <exception cref="BackupException">ScheduleNotRegistered.</exception>
    private static async Task RunAsync(string program, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        string failure;
        try
        {
            using var process = Process.Start(
                new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true }
            )!;
            var (output, errors) = (
                process.StandardOutput.ReadToEndAsync(cancellationToken),
                process.StandardError.ReadToEndAsync(cancellationToken)
            );
            await process.WaitForExitAsync(cancellationToken);
            if (process.ExitCode == 0)
                return;
            failure = $"{await errors} {await output}".Trim();
        }
        catch (Win32Exception exception)
        {
            failure = exception.Message;
        }

        throw new BackupException(
            ErrorIds.ScheduleNotRegistered,
            BackupErrorCategory.InvalidOperation,
            program,
            $"{program} {string.Join(' ', arguments)}",
            failure
        );
    }
}
