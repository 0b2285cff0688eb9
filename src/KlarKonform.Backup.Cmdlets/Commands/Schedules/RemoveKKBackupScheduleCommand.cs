using System.Management.Automation;

namespace KlarKonform.Backup.Cmdlets.Commands.Schedules;

/// <summary>Removes a schedule.</summary>
[Cmdlet(VerbsCommon.Remove, "KKBackupSchedule", SupportsShouldProcess = true)]
public sealed class RemoveKKBackupScheduleCommand : ConfigurationNameCommand
{
    private protected override void ProcessConfiguration(string name)
    {
        if (ShouldProcess(name, Texts.Get("Action_RemoveSchedule")))
            Run(token => Engine.RemoveScheduleAsync(name, token));
    }
}
