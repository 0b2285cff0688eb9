using System.Management.Automation;
using System.Security;
using KlarKonform.Backup.Cmdlets.Completion;
using KlarKonform.Backup.Cmdlets.Hosting;

namespace KlarKonform.Backup.Cmdlets.Commands.Keys;

/// <summary>Adds a password to a configuration's repository.</summary>
[Cmdlet(VerbsCommon.Add, "KKBackupKey", SupportsShouldProcess = true)]
[OutputType(typeof(BackupKey))]
public sealed class AddKKBackupKeyCommand : ConfigurationNameCommand
{
    /// <summary>The new password's name as vault/name.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ArgumentCompleter(typeof(SecretNameCompleter))]
    public string PasswordName { get; set; } = "";

    /// <summary>The new password; stored in the vault at once. If omitted, it must be in the vault already.</summary>
    [Parameter]
    public SecureString? Password { get; set; }

    private protected override void ProcessConfiguration(string name)
    {
        if (!ShouldProcess(name, Texts.Get("Action_AddKey", PasswordName)))
            return;
        Run(async token =>
        {
            var reference = SecretReference.Parse(PasswordName);
            if (Password is not null)
                await OnPipelineAsync(
                        () =>
                        {
                            new VaultSecretStore(this).Set(reference, Password);
                            return true;
                        },
                        token
                    )
                    .ConfigureAwait(false);
            var key = await Engine.AddKeyAsync(name, reference, Secrets, token).ConfigureAwait(false);
            Post(() => WriteObject(key));
        });
    }
}
