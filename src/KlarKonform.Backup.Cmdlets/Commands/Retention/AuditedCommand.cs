using System.Management.Automation;

namespace KlarKonform.Backup.Cmdlets.Commands.Retention;

/// <summary>A cmdlet of which the audit log records who did it, and why.</summary>
public abstract class AuditedCommand : ConfigurationNameCommand
{
    /// <summary>Why.</summary>
    [Parameter(Mandatory = true)]
    [ValidateNotNullOrEmpty]
    public string Reason { get; set; } = "";

    /// <summary>Who decided it.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string Author { get; set; } = Environment.UserName;
}
