using System.Management.Automation;

namespace KlarKonform.Backup.Cmdlets.Commands;

/// <summary>A cmdlet that changes a hold: who and why go into the audit log.</summary>
public abstract class HoldCommand : ConfigurationNameCommand
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
