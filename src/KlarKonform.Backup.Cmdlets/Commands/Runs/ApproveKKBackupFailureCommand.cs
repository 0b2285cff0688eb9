using System.Management.Automation;
using KlarKonform.Backup.Cmdlets.Completion;
using KlarKonform.Backup.Cmdlets.Hosting;

namespace KlarKonform.Backup.Cmdlets.Commands.Runs;

/// <summary>Accepts, with a reason, that something is not in the backup; or revokes that.</summary>
[Cmdlet(VerbsLifecycle.Approve, "KKBackupFailure", SupportsShouldProcess = true, DefaultParameterSetName = FailureSet)]
[OutputType(typeof(AcceptedFailure))]
public sealed class ApproveKKBackupFailureCommand : BackupCmdlet
{
    private const string FailureSet = "Failure";
    private const string ItemSet = "Item";
    private const string RevokeFailureSet = "RevokeFailure";
    private const string RevokeItemSet = "RevokeItem";

    /// <summary>A failure from Get-KKBackupRun -Failure or from a status's RetryList.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = FailureSet)]
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = RevokeFailureSet)]
    public ItemFailure? InputObject { get; set; }

    /// <summary>The configuration; a failure from the pipeline contains its name.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = ItemSet)]
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = RevokeItemSet)]
    [Parameter(Position = 0, ParameterSetName = FailureSet)]
    [Parameter(Position = 0, ParameterSetName = RevokeFailureSet)]
    [Alias("Configuration")]
    [ArgumentCompleter(typeof(ConfigurationNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Name { get; set; }

    /// <summary>The item's id.</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = ItemSet)]
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = RevokeItemSet)]
    [ValidateNotNullOrEmpty]
    public string? ItemId { get; set; }

    /// <summary>The owner of the item, if several owners have one with this id.</summary>
    [Parameter(ParameterSetName = ItemSet)]
    [Parameter(ParameterSetName = RevokeItemSet)]
    [ArgumentCompleter(typeof(ResourceCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Resource { get; set; }

    /// <summary>The reason.</summary>
    [Parameter(Mandatory = true, ParameterSetName = FailureSet)]
    [Parameter(Mandatory = true, ParameterSetName = ItemSet)]
    [ValidateNotNullOrEmpty]
    public string Reason { get; set; } = "";

    /// <summary>Who decided it.</summary>
    [Parameter(ParameterSetName = FailureSet)]
    [Parameter(ParameterSetName = ItemSet)]
    [ValidateNotNullOrEmpty]
    public string Author { get; set; } = Environment.UserName;

    /// <summary>Revokes the acceptance.</summary>
    [Parameter(Mandatory = true, ParameterSetName = RevokeFailureSet)]
    [Parameter(Mandatory = true, ParameterSetName = RevokeItemSet)]
    public SwitchParameter Revoke { get; set; }

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        var choice = InputObject is { } failure
            ? new FailureChoice
            {
                Kind = failure.Kind,
                Resource = failure.Resource,
                ItemId = failure.ItemId,
                Code = failure.Code,
            }
            : new FailureChoice { ItemId = ItemId!, Resource = Resource };
        if ((Name ?? InputObject?.Configuration) is not { Length: > 0 } name)
        {
            WriteError(
                ErrorRecords.From(
                    new BackupException(ErrorIds.FailureWithoutConfiguration, BackupErrorCategory.InvalidArgument, InputObject?.Name)
                )
            );
            return;
        }

        var what = InputObject is { } shown ? $"{name}: {shown.Name} ({shown.Kind}: {shown.Resource}, {shown.Code})" : $"{name}: {ItemId}";
        if (!ShouldProcess(what, Texts.Get(Revoke ? "Action_RevokeFailure" : "Action_ApproveFailure")))
            return;
        Run(async token =>
        {
            var done = Revoke
                ? await Engine.RevokeAcceptanceAsync(name, choice, token).ConfigureAwait(false)
                : await Engine.AcceptFailureAsync(name, choice, Reason, Author, token).ConfigureAwait(false);
            Post(() => WriteObject(done));
        });
    }
}
