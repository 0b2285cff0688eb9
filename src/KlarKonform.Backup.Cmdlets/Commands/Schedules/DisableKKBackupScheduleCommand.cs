using System.Management.Automation;

namespace KlarKonform.Backup.Cmdlets.Commands.Schedules;

/// <summary>Suspends a schedule.</summary>
[Cmdlet(VerbsLifecycle.Disable, "KKBackupSchedule", SupportsShouldProcess = true)]
[OutputType(typeof(BackupSchedule))]
public sealed class DisableKKBackupScheduleCommand : ConfigurationNameCommand
{
    private protected override void ProcessConfiguration(string name)
    {
        if (!ShouldProcess(name, Texts.Get("Action_DisableSchedule")))
            return;
        Run(async token =>
        {
            var schedule = await Engine.DisableScheduleAsync(name, token).ConfigureAwait(false);
            Post(() => WriteObject(schedule));
        });
    }
}
