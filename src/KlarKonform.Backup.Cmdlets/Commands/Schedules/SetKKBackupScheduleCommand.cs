using System.Globalization;
using System.Management.Automation;
using KlarKonform.Backup.Cmdlets.Completion;

namespace KlarKonform.Backup.Cmdlets.Commands.Schedules;

/// <summary>Makes a configuration run automatically.</summary>
[Cmdlet(VerbsCommon.Set, "KKBackupSchedule", SupportsShouldProcess = true, DefaultParameterSetName = DailySet)]
[OutputType(typeof(BackupSchedule))]
public sealed class SetKKBackupScheduleCommand : ConfigurationNameCommand
{
    private const string DailySet = "Daily";
    private const string WeeklySet = "Weekly";
    private const string CronSet = "Cron";

    /// <summary>The time of day, such as 02:00.</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = DailySet)]
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = WeeklySet)]
    public TimeSpan At { get; set; }

    /// <summary>Days of the week.</summary>
    [Parameter(Mandatory = true, ParameterSetName = WeeklySet)]
    public DayOfWeek[] DayOfWeek { get; set; } = [];

    /// <summary>Five cron fields.</summary>
    [Parameter(Mandatory = true, ParameterSetName = CronSet)]
    [ValidateNotNullOrEmpty]
    public string Cron { get; set; } = "";

    /// <summary>The time zone; by default this computer's.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(TimeZoneCompleter))]
    public string? TimeZone { get; set; }

    /// <summary>Number of shards into which the resources are divided, so that several machines with this schedule share the run.</summary>
    [Parameter]
    [ValidateRange(1, BackupOptions.MaxShards)]
    public int ShardCount { get; set; } = 1;

    /// <summary>What starts the runs.</summary>
    [Parameter]
    public ScheduleMethod Method { get; set; }

    private protected override void ProcessConfiguration(string name)
    {
        if (ParameterSetName != CronSet && (At < TimeSpan.Zero || At >= TimeSpan.FromDays(1)))
        {
            WriteError(
                Hosting.ErrorRecords.From(new BackupException(ErrorIds.ScheduleTimeInvalid, BackupErrorCategory.InvalidArgument, name, At))
            );
            return;
        }

        var request = new ScheduleRequest
        {
            Schedule = new ScheduleSettings
            {
                Cron = Expression(),
                TimeZone = TimeZone,
                ShardCount = ShardCount > 1 ? ShardCount : null,
            },
            Method = Method,
            PowerShell = Environment.ProcessPath ?? "pwsh",
            Module = System.IO.Path.Combine(MyInvocation.MyCommand.Module?.ModuleBase ?? "", "KlarKonform.Backup.psd1"),
            PlanOnly = true,
        };
        Run(async token =>
        {
            // What cannot be registered is refused before anyone is asked.
            var plan = await Engine.SetScheduleAsync(name, request, token).ConfigureAwait(false);
            var wanted = await OnPipelineAsync(
                    () => ShouldProcess(name, Texts.Get("Action_Schedule", plan.Cron, plan.TimeZone, plan.Method)),
                    token
                )
                .ConfigureAwait(false);
            var shown = wanted ? await Engine.SetScheduleAsync(name, request with { PlanOnly = false }, token).ConfigureAwait(false) : plan;
            if (wanted && shown.Note is { } note)
                Post(() => WriteWarning(note));
            Post(() => WriteObject(shown));
        });
    }

    private string Expression() =>
        ParameterSetName switch
        {
            CronSet => Cron,
            WeeklySet => string.Create(
                CultureInfo.InvariantCulture,
                $"{At.Minutes} {At.Hours} * * {string.Join(',', DayOfWeek.Select(day => (int)day).Distinct().Order())}"
            ),
            _ => string.Create(CultureInfo.InvariantCulture, $"{At.Minutes} {At.Hours} * * *"),
        };
}
