using System.Management.Automation;
using KlarKonform.Backup.Cmdlets.Completion;

namespace KlarKonform.Backup.Cmdlets.Commands.Retention;

/// <summary>Puts a configuration's backups, a resource's, or one snapshot on hold: nothing on hold is removed.</summary>
[Cmdlet(VerbsCommon.Set, "KKBackupHold", SupportsShouldProcess = true, DefaultParameterSetName = "Configuration")]
[OutputType(typeof(BackupHold))]
public sealed class SetKKBackupHoldCommand : AuditedCommand
{
    /// <summary>The mailbox, drive or site to hold.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Resource")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ResourceCompleter))]
    public string? Resource { get; set; }

    /// <summary>The snapshot to hold.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Snapshot", ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SnapshotCompleter))]
    public string? SnapshotId { get; set; }

    private protected override void ProcessConfiguration(string name)
    {
        if (!ShouldProcess(name, Texts.Get("Action_Hold", Resource ?? SnapshotId ?? name)))
            return;
        Run(async token =>
        {
            var hold = await Engine
                .SetHoldAsync(
                    name,
                    new HoldRequest
                    {
                        Resource = Resource,
                        SnapshotId = SnapshotId,
                        Reason = Reason,
                        Author = Author,
                    },
                    Secrets,
                    token
                )
                .ConfigureAwait(false);
            Post(() => WriteObject(hold));
        });
    }
}
