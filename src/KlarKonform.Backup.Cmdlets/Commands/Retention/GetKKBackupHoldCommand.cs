using System.Management.Automation;

namespace KlarKonform.Backup.Cmdlets.Commands.Retention;

/// <summary>Lists the holds in force.</summary>
[Cmdlet(VerbsCommon.Get, "KKBackupHold")]
[OutputType(typeof(BackupHold))]
public sealed class GetKKBackupHoldCommand : ConfigurationNameCommand
{
    private protected override void ProcessConfiguration(string name) =>
        Run(async token =>
        {
            var holds = await Engine.GetHoldsAsync(name, Secrets, token).ConfigureAwait(false);
            Post(() => WriteObject(holds, enumerateCollection: true));
        });
}
