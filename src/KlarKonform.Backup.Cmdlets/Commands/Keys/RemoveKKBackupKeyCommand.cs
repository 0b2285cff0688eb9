using System.Management.Automation;
using KlarKonform.Backup.Cmdlets.Completion;
using KlarKonform.Backup.Cmdlets.Hosting;

namespace KlarKonform.Backup.Cmdlets.Commands.Keys;

/// <summary>Removes a password from a configuration's repository.</summary>
[Cmdlet(VerbsCommon.Remove, "KKBackupKey", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
public sealed class RemoveKKBackupKeyCommand : BackupCmdlet
{
    /// <summary>The configuration's name.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(ConfigurationNameCompleter))]
    public string Configuration { get; set; } = "";

    /// <summary>The key's id or its beginning.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string Id { get; set; } = "";

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        if (ShouldProcess(Configuration, Texts.Get("Action_RemoveKey", Id)))
            Run(token => Engine.RemoveKeyAsync(Configuration, Id, Secrets, token));
    }
}
