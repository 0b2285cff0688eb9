using System.Management.Automation;
using KlarKonform.Backup.Cmdlets.Hosting;

namespace KlarKonform.Backup.Cmdlets.Commands.Schedules;

/// <summary>Runs what is due until stopped: for containers.</summary>
[Cmdlet(VerbsLifecycle.Start, "KKBackupScheduler")]
[OutputType(typeof(BackupRun))]
public sealed class StartKKBackupSchedulerCommand : BackupCmdlet
{
    /// <summary>The configurations.</summary>
    [Parameter(Position = 0)]
    [SupportsWildcards]
    public string Name { get; set; } = "*";

    /// <summary>A file for monitoring.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? HealthPath { get; set; }

    private protected override string Activity => Texts.Get("Activity_Scheduler");

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        var options = new SchedulerOptions
        {
            Pattern = Name,
            HealthPath = HealthPath is null ? null : FullPath(HealthPath),
            Ended = run => Post(() => Show(run)),
        };
        Run(token => Engine.RunSchedulerAsync(options, Secrets, Observer, token));
    }

    private void Show(BackupRun run)
    {
        foreach (var text in run.Notes.Concat(RunReport.WarningsOf(run)))
            WriteWarning(text);
        WriteObject(run);

        // With -ErrorAction Stop an error record would end the scheduler: one configuration must not take the others with it.
        foreach (var error in RunReport.ErrorsOf(run))
            WriteWarning(error.ToString());
    }
}
