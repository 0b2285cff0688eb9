using System.Management.Automation;

namespace KlarKonform.Backup.Cmdlets.Commands.Retention;

/// <summary>A cmdlet for which the audit log records who ran it, and why.</summary>
public abstract class AuditedCommand : ConfigurationNameCommand
{
    /// <summary>The reason.</summary>
    [Parameter(Mandatory = true)]
    [ValidateNotNullOrEmpty]
    public string Reason { get; set; } = "";

    /// <summary>Who decided it.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string Author { get; set; } = Environment.UserName;
}
