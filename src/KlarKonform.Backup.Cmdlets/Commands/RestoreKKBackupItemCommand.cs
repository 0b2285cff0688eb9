using System.Management.Automation;
using KlarKonform.Backup.Cmdlets.Completion;
using KlarKonform.Backup.Cmdlets.Hosting;

namespace KlarKonform.Backup.Cmdlets.Commands;

/// <summary>Restores items of a snapshot to a folder or to Microsoft 365.</summary>
[Cmdlet(VerbsData.Restore, "KKBackupItem", SupportsShouldProcess = true, DefaultParameterSetName = FolderSet)]
[OutputType(typeof(RestoredItem))]
public sealed class RestoreKKBackupItemCommand : BackupCmdlet
{
    private const string FolderSet = "Folder";
    private const string CloudSet = "Microsoft365";

    // What came through the pipeline, by configuration and snapshot: the repository is opened once for each.
    private readonly Dictionary<(string Configuration, string SnapshotId), List<string>> _wanted = [];

    /// <summary>The configuration's name.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ArgumentCompleter(typeof(ConfigurationNameCompleter))]
    public string Configuration { get; set; } = "";

    /// <summary>Paths in the snapshot; wildcards match within one level.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary>The folder to restore to.</summary>
    [Parameter(Mandatory = true, Position = 2, ParameterSetName = FolderSet)]
    public string Destination { get; set; } = "";

    /// <summary>A snapshot's id or its beginning.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(SnapshotCompleter))]
    public string SnapshotId { get; set; } = "latest";

    /// <summary>How the folder is laid out.</summary>
    [Parameter(ParameterSetName = FolderSet)]
    public RestoreLayout Layout { get; set; }

    /// <summary>In which form the folder holds mail, events, contacts and the address book.</summary>
    [Parameter(ParameterSetName = FolderSet)]
    public RestoreFormat Format { get; set; }

    /// <summary>Restores to Microsoft 365.</summary>
    [Parameter(Mandatory = true, ParameterSetName = CloudSet)]
    public SwitchParameter ToMicrosoft365 { get; set; }

    /// <summary>Another user.</summary>
    [Parameter(ParameterSetName = CloudSet)]
    [ValidateNotNullOrEmpty]
    public string? TargetUser { get; set; }

    /// <summary>Another site.</summary>
    [Parameter(ParameterSetName = CloudSet)]
    [ValidateNotNullOrEmpty]
    public string? TargetSite { get; set; }

    /// <summary>The folder that everything is put into; one with the date without it.</summary>
    [Parameter(ParameterSetName = CloudSet)]
    [ValidateNotNullOrEmpty]
    public string? TargetFolder { get; set; }

    /// <summary>Restores where the items were.</summary>
    [Parameter(ParameterSetName = CloudSet)]
    public SwitchParameter InPlace { get; set; }

    /// <summary>Makes files' permissions and sharing links anew.</summary>
    [Parameter(ParameterSetName = CloudSet)]
    public SwitchParameter IncludePermissions { get; set; }

    /// <summary>What is done where something is there already.</summary>
    [Parameter]
    public RestoreConflict Conflict { get; set; }

    /// <summary>Replace existing files.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Whether kept deleted items come too.</summary>
    [Parameter]
    public SwitchParameter IncludeDeleted { get; set; }

    /// <summary>A CSV file that lists every item.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? ReportPath { get; set; }

    private protected override string Activity => Texts.Get("Activity_Restore");

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        if (InPlace && TargetFolder is not null)
        {
            ThrowTerminatingError(ErrorRecords.From(new BackupException("RestoreInPlaceFolder", BackupErrorCategory.InvalidArgument, TargetFolder)));
            return;
        }

        var target = ParameterSetName == FolderSet ? FullPath(Destination) : $"Microsoft 365 ({TargetUser ?? TargetSite ?? Texts.Get("RestoreOrigin")})";
        foreach (var path in Path)
        {
            if (!ShouldProcess(path, Texts.Get("Action_Restore", target)))
                continue;
            if (!_wanted.TryGetValue((Configuration, SnapshotId), out var paths))
                _wanted[(Configuration, SnapshotId)] = paths = [];
            paths.Add(path);
        }
    }

    /// <inheritdoc />
    protected override void EndProcessing()
    {
        var folder = InPlace ? null : TargetFolder ?? Texts.Get("RestoreFolderName", DateTime.Now.ToString("yyyy-MM-dd HH.mm", System.Globalization.CultureInfo.InvariantCulture));
        foreach (var ((configuration, snapshot), paths) in _wanted)
        {
            var request = new RestoreRequest
            {
                SnapshotId = snapshot,
                Paths = paths,
                IncludeDeleted = IncludeDeleted,
                Conflict = Force && !MyInvocation.BoundParameters.ContainsKey(nameof(Conflict)) ? RestoreConflict.Replace : Conflict,
                Destination = ParameterSetName == FolderSet ? FullPath(Destination) : null,
                Layout = Layout,
                Format = Format,
                Cloud = ParameterSetName == FolderSet ? null : new CloudRestore { User = TargetUser, Site = TargetSite, Folder = folder, Permissions = IncludePermissions },
                ReportPath = ReportPath is null ? null : FullPath(ReportPath),
            };
            Run(async token =>
            {
                await foreach (var item in Engine.RestoreAsync(configuration, request, Secrets, Observer, token).ConfigureAwait(false))
                    Post(() => Show(item));
            });
        }
    }

    private void Show(RestoredItem item)
    {
        WriteObject(item);
        if (item.Status == "Failed")
            WriteError(ErrorRecords.OfItem(item));
    }
}
