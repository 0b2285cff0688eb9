using System.Management.Automation;
using KlarKonform.Backup.Cmdlets.Completion;
using KlarKonform.Backup.Cmdlets.Hosting;

namespace KlarKonform.Backup.Cmdlets.Commands.Configuration;

/// <summary>Removes a configuration. The repository and the secrets stay.</summary>
[Cmdlet(VerbsCommon.Remove, "KKBackupConfiguration", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
public sealed class RemoveKKBackupConfigurationCommand : BackupCmdlet
{
    /// <summary>The configuration's name.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(ConfigurationNameCompleter))]
    public string[] Name { get; set; } = [];

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        foreach (var name in Name)
        {
            if (ShouldProcess(name, Texts.Get("Action_RemoveConfiguration")))
                Run(token => Engine.RemoveConfigurationAsync(name, token));
        }
    }
}
