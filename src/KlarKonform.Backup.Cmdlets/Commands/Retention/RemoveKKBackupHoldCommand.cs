using System.Management.Automation;

namespace KlarKonform.Backup.Cmdlets.Commands.Retention;

/// <summary>Lifts a hold.</summary>
[Cmdlet(VerbsCommon.Remove, "KKBackupHold", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(BackupHold))]
public sealed class RemoveKKBackupHoldCommand : AuditedCommand
{
    /// <summary>The hold's id or its beginning.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string HoldId { get; set; } = "";

    private protected override void ProcessConfiguration(string name)
    {
        if (!ShouldProcess(name, Texts.Get("Action_RemoveHold", HoldId)))
            return;
        Run(async token =>
        {
            var hold = await Engine
                .RemoveHoldAsync(
                    name,
                    new HoldRequest
                    {
                        HoldId = HoldId,
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
