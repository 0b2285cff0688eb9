using System.Management.Automation;
using KlarKonform.Backup.Cmdlets.Hosting;

namespace KlarKonform.Backup.Cmdlets.Commands;

/// <summary>Restores mails and files of a snapshot to a folder.</summary>
[Cmdlet(VerbsData.Restore, "KKBackupItem", SupportsShouldProcess = true)]
[OutputType(typeof(RestoredItem))]
public sealed class RestoreKKBackupItemCommand : BackupCmdlet
{
    /// <summary>The configuration's name.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ArgumentCompleter(typeof(ConfigurationNameCompleter))]
    public string Configuration { get; set; } = "";

    /// <summary>Paths in the snapshot; wildcards match within one level.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary>The folder to restore to.</summary>
    [Parameter(Mandatory = true, Position = 2)]
    public string Destination { get; set; } = "";

    /// <summary>A snapshot's id or its beginning.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string SnapshotId { get; set; } = "latest";

    /// <summary>Replace existing files.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    private protected override string Activity => Texts.Get("Activity_Restore");

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        var destination = FullPath(Destination);
        foreach (var path in Path)
        {
            if (!ShouldProcess(path, Texts.Get("Action_Restore", destination)))
                continue;
            var request = new RestoreRequest { SnapshotId = SnapshotId, Path = path, Destination = destination, Force = Force };
            Run(async token =>
            {
                await foreach (var item in Engine.RestoreAsync(Configuration, request, Secrets, Observer, token).ConfigureAwait(false))
                    Post(() => WriteObject(item));
            });
        }
    }
}
