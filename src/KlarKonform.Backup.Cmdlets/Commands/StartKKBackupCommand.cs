using System.Management.Automation;

namespace KlarKonform.Backup.Cmdlets.Commands;

/// <summary>Runs a backup.</summary>
[Cmdlet(VerbsLifecycle.Start, "KKBackup", SupportsShouldProcess = true)]
[OutputType(typeof(BackupRun))]
public sealed class StartKKBackupCommand : ConfigurationNameCommand
{
    /// <summary>Sources to run.</summary>
    [Parameter]
    [ValidateSet("Mail", "Calendar", "Contacts", "Directory", "OneDrive", "SharePoint")]
    public string[] Source { get; set; } = [];

    /// <summary>User name patterns.</summary>
    [Parameter]
    [SupportsWildcards]
    public string[] Resource { get; set; } = [];

    /// <summary>Compare everything instead of asking for changes.</summary>
    [Parameter]
    public SwitchParameter Full { get; set; }

    private protected override string Activity => Texts.Get("Activity_Backup", Current);

    private protected override void ProcessConfiguration(string name)
    {
        if (!ShouldProcess(name, Texts.Get("Action_Backup")))
            return;
        BackupRun? run = null;
        var options = new BackupOptions { Sources = Source, Resources = Resource, Full = Full };
        Run(async token => run = await Engine.StartBackupAsync(name, options, Secrets, Observer, token).ConfigureAwait(false), terminating: MyInvocation.ExpectingInput is false && Name.Length == 1);
        if (run is null)
            return;
        foreach (var note in run.Notes)
            WriteWarning(note);
        WriteObject(run);
        foreach (var resource in run.Resources.Where(resource => resource.Status != BackupState.Succeeded))
            WriteError(ErrorOf(resource));
    }

    // One error a resource, so that -ErrorAction Stop works in a scheduled task.
    private static ErrorRecord ErrorOf(ResourceResult resource) => Hosting.ErrorRecords.From(resource.Status == BackupState.Failed
        ? new BackupException("ResourceFailed", BackupErrorCategory.NotSpecified, resource.Name, resource.Kind, resource.Name, resource.Code, resource.Message)
        : new BackupException("ItemsFailed", BackupErrorCategory.NotSpecified, resource.Name, resource.Failures, resource.Kind, resource.Name));
}
