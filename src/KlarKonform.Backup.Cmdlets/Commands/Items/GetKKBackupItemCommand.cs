using System.Management.Automation;
using KlarKonform.Backup.Cmdlets.Completion;
using KlarKonform.Backup.Cmdlets.Hosting;

namespace KlarKonform.Backup.Cmdlets.Commands.Items;

/// <summary>Lists the contents of a path in a snapshot, page by page with -Skip and -First.</summary>
[Cmdlet(VerbsCommon.Get, "KKBackupItem", SupportsPaging = true)]
[OutputType(typeof(BackupItem))]
public sealed class GetKKBackupItemCommand : BackupCmdlet
{
    /// <summary>The configuration's name.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ArgumentCompleter(typeof(ConfigurationNameCompleter))]
    public string Configuration { get; set; } = "";

    /// <summary>The path; by default the root.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    public string Path { get; set; } = "/";

    /// <summary>A snapshot's id or its beginning.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(SnapshotCompleter))]
    public string SnapshotId { get; set; } = "latest";

    /// <summary>Includes everything below it.</summary>
    [Parameter]
    public SwitchParameter Recurse { get; set; }

    /// <inheritdoc />
    protected override void ProcessRecord() =>
        Run(async token =>
        {
            var (skip, first) = (PagingParameters.Skip, PagingParameters.First);
            var (seen, shown) = (0UL, 0UL);
            await foreach (
                var item in Engine.GetItemsAsync(Configuration, SnapshotId, Path, Recurse, Secrets, Observer, token).ConfigureAwait(false)
            )
            {
                if (seen++ < skip)
                    continue;
                if (shown >= first && !PagingParameters.IncludeTotalCount)
                    break;
                if (shown++ < first)
                    Post(() => WriteObject(item));
            }

            if (PagingParameters.IncludeTotalCount)
                Post(() => WriteObject(PagingParameters.NewTotalCount(seen, 1.0)));
        });
}
