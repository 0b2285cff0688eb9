using System.Management.Automation;

namespace KlarKonform.Backup.Cmdlets.Commands.Keys;

/// <summary>Lists the passwords that open a configuration's repository.</summary>
[Cmdlet(VerbsCommon.Get, "KKBackupKey")]
[OutputType(typeof(BackupKey))]
public sealed class GetKKBackupKeyCommand : ConfigurationNameCommand
{
    private protected override void ProcessConfiguration(string name) =>
        Run(async token =>
        {
            var keys = await Engine.GetKeysAsync(name, Secrets, token).ConfigureAwait(false);
            Post(() => WriteObject(keys, enumerateCollection: true));
        });
}
