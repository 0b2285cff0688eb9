using System.Management.Automation;
using KlarKonform.Backup.Cmdlets.Completion;
using KlarKonform.Backup.Cmdlets.Hosting;

namespace KlarKonform.Backup.Cmdlets.Commands.Items;

/// <summary>Restores items of a snapshot to a folder or to Microsoft 365.</summary>
[Cmdlet(VerbsData.Restore, "KKBackupItem", SupportsShouldProcess = true, DefaultParameterSetName = FolderSet)]
[OutputType(typeof(RestoredItem))]
public sealed class RestoreKKBackupItemCommand : BackupCmdlet
{
    private const string FolderSet = "Folder";
    private const string CloudSet = "Microsoft365";

    // Everything that came through the pipeline, by configuration: it is one restore, so that nothing is written twice.
    private readonly List<(string Configuration, string SnapshotId, string Path)> _wanted = [];
    private readonly HashSet<(string Configuration, string SnapshotId, string Path)> _asked = [];

    // The folder of a restore to Microsoft 365; null when restoring in place.
    private string? _folder;
    private bool _isNamed;

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

    /// <summary>The layout of the folder.</summary>
    [Parameter(ParameterSetName = FolderSet)]
    public RestoreLayout Layout { get; set; }

    /// <summary>The form of mail, events, contacts and the address book in the folder.</summary>
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

    /// <summary>The folder to put everything into; by default one named with the date.</summary>
    [Parameter(ParameterSetName = CloudSet)]
    [ValidateNotNullOrEmpty]
    public string? TargetFolder { get; set; }

    /// <summary>Restores where the items were.</summary>
    [Parameter(ParameterSetName = CloudSet)]
    public SwitchParameter InPlace { get; set; }

    /// <summary>Creates files' permissions and sharing links again.</summary>
    [Parameter(ParameterSetName = CloudSet)]
    public SwitchParameter IncludePermissions { get; set; }

    /// <summary>What to do if something exists already.</summary>
    [Parameter]
    public RestoreConflict Conflict { get; set; }

    /// <summary>Replaces existing files.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Whether to include kept deleted items.</summary>
    [Parameter]
    public SwitchParameter IncludeDeleted { get; set; }

    /// <summary>A CSV file that lists every item.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? ReportPath { get; set; }

    private protected override string Activity => Texts.Get("Activity_Restore");

    /// <inheritdoc />
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        _isNamed = MyInvocation.BoundParameters.ContainsKey(nameof(Path));
        _folder = InPlace
            ? null
            : TargetFolder
                ?? Texts.Get(
                    "RestoreFolderName",
                    TimeProvider.System.GetLocalNow().ToString("yyyy-MM-dd HH.mm", System.Globalization.CultureInfo.InvariantCulture)
                );
    }

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        if (InPlace && TargetFolder is not null)
        {
            ThrowTerminatingError(
                ErrorRecords.From(new BackupException(ErrorIds.RestoreInPlaceFolder, BackupErrorCategory.InvalidArgument, TargetFolder))
            );
            return;
        }

        foreach (var path in Path)
        {
            var wanted = (Configuration, SnapshotId, path);
            if (_asked.Add(wanted) && ShouldProcess(path, Texts.Get("Action_Restore", Target())))
                _wanted.Add(wanted);
        }
    }

    /// <inheritdoc />
    protected override void EndProcessing()
    {
        var isFirst = true;
        foreach (var configuration in _wanted.GroupBy(wanted => wanted.Configuration, StringComparer.OrdinalIgnoreCase))
        {
            var selections = configuration
                .GroupBy(
                    wanted => wanted.SnapshotId,
                    (snapshot, all) => new RestoreSelection(snapshot, [.. all.Select(wanted => wanted.Path)])
                )
                .ToArray();
            var request = new RestoreRequest
            {
                SnapshotId = selections[0].SnapshotId,
                Paths = selections[0].Paths,
                Further = selections[1..],
                IncludeDeleted = IncludeDeleted,
                Conflict = Force && !MyInvocation.BoundParameters.ContainsKey(nameof(Conflict)) ? RestoreConflict.Replace : Conflict,
                Destination = ParameterSetName == FolderSet ? FullPath(Destination) : null,
                Layout = Layout,
                KeepPaths = !_isNamed,
                Format = Format,
                Cloud =
                    ParameterSetName == FolderSet
                        ? null
                        : new CloudRestore
                        {
                            User = TargetUser,
                            Site = TargetSite,
                            Folder = _folder,
                            Permissions = IncludePermissions,
                        },
                ReportPath = ReportPath is null ? null : FullPath(ReportPath),
                AppendReport = !isFirst,
            };
            isFirst = false;
            var failed = new List<RestoredItem>();
            Run(async token =>
            {
                await foreach (var item in Engine.RestoreAsync(configuration.Key, request, Secrets, Observer, token).ConfigureAwait(false))
                    Post(() => Show(item, failed));
            });

            // After the rest has been restored: with -ErrorAction Stop the first of them ends the command.
            foreach (var item in failed)
                WriteError(ErrorRecords.OfItem(item));
        }
    }

    private string Target()
    {
        if (ParameterSetName == FolderSet)
            return FullPath(Destination);
        var place = (TargetUser ?? TargetSite, _folder) switch
        {
            (null, null) => Texts.Get("RestoreOrigin"),
            ({ } other, null) => other,
            (var other, { } folder) => Texts.Get("RestoreTargetFolder", other ?? Texts.Get("RestoreOwner"), folder),
        };
        return $"Microsoft 365 ({place})";
    }

    private void Show(RestoredItem item, List<RestoredItem> failed)
    {
        WriteObject(item);
        if (item.Status == RestoreOutcomes.Failed)
            failed.Add(item);
    }
}
