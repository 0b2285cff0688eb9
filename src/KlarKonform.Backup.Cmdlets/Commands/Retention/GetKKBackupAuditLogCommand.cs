using System.Management.Automation;

namespace KlarKonform.Backup.Cmdlets.Commands.Retention;

/// <summary>Shows a configuration's audit log, verified.</summary>
[Cmdlet(VerbsCommon.Get, "KKBackupAuditLog")]
[OutputType(typeof(AuditEntry))]
public sealed class GetKKBackupAuditLogCommand : ConfigurationNameCommand
{
    private protected override void ProcessConfiguration(string name) =>
        Run(async token =>
        {
            var entries = await Engine.GetAuditLogAsync(name, Secrets, token).ConfigureAwait(false);
            Post(() => WriteObject(entries, enumerateCollection: true));
        });
}
