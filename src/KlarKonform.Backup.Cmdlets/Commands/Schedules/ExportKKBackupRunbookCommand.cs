using System.Management.Automation;

namespace KlarKonform.Backup.Cmdlets.Commands.Schedules;

/// <summary>Writes a runbook for Azure Automation.</summary>
[Cmdlet(VerbsData.Export, "KKBackupRunbook", SupportsShouldProcess = true)]
public sealed class ExportKKBackupRunbookCommand : ConfigurationNameCommand
{
    /// <summary>The file to write.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <summary>Replaces an existing file.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    private protected override void ProcessConfiguration(string name)
    {
        var path = FullPath(Path);
        if (ShouldProcess(name, Texts.Get("Action_Runbook", path)))
            Run(token => Engine.ExportRunbookAsync(name, path, Force, token));
    }
}
