using System.Management.Automation;

namespace KlarKonform.Backup.Cmdlets.Commands.Schedules;

/// <summary>Enables a schedule again.</summary>
[Cmdlet(VerbsLifecycle.Enable, "KKBackupSchedule", SupportsShouldProcess = true)]
[OutputType(typeof(BackupSchedule))]
public sealed class EnableKKBackupScheduleCommand : ConfigurationNameCommand
{
    private protected override void ProcessConfiguration(string name)
    {
        if (!ShouldProcess(name, Texts.Get("Action_EnableSchedule")))
            return;
        Run(async token =>
        {
            var schedule = await Engine.EnableScheduleAsync(name, token).ConfigureAwait(false);
            Post(() => WriteObject(schedule));
        });
    }
}
