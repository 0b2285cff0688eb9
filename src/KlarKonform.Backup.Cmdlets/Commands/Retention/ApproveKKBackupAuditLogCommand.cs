using System.Management.Automation;

namespace KlarKonform.Backup.Cmdlets.Commands.Retention;

/// <summary>Declares, with a reason, that what is left of a shortened, forked or missing audit log counts from now on.</summary>
[Cmdlet(VerbsLifecycle.Approve, "KKBackupAuditLog", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(AuditEntry))]
public sealed class ApproveKKBackupAuditLogCommand : AuditedCommand
{
    private protected override void ProcessConfiguration(string name)
    {
        if (!ShouldProcess(name, Texts.Get("Action_ApproveAuditLog")))
            return;
        Run(async token =>
        {
            var entry = await Engine.AcceptAuditLogAsync(name, Reason, Author, Secrets, token).ConfigureAwait(false);
            Post(() => WriteObject(entry));
        });
    }
}
