using System.Management.Automation;

namespace KlarKonform.Backup.Cmdlets.Commands;

/// <summary>Builds a repository's index anew from its packs.</summary>
[Cmdlet(VerbsDiagnostic.Repair, "KKBackup", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(RepairResult))]
public sealed class RepairKKBackupCommand : ConfigurationNameCommand
{
    private protected override string Activity => Texts.Get("Activity_Repair");

    private protected override void ProcessConfiguration(string name)
    {
        if (!ShouldProcess(name, Texts.Get("Action_Repair")))
            return;
        Run(async token =>
        {
            var result = await Engine.RepairAsync(name, Secrets, Observer, token).ConfigureAwait(false);
            Post(() => WriteObject(result));
        });
    }
}
