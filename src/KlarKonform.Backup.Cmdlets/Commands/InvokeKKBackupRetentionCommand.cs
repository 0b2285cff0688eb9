using System.Management.Automation;

namespace KlarKonform.Backup.Cmdlets.Commands;

/// <summary>Removes old snapshots and what no snapshot needs any more.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "KKBackupRetention", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(RetentionResult))]
public sealed class InvokeKKBackupRetentionCommand : ConfigurationNameCommand
{
    /// <summary>Newest complete snapshots to keep.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int KeepLast { get; set; }

    /// <summary>Snapshots of so many days to keep.</summary>
    [Parameter]
    [ValidateRange(1, 36500)]
    public int KeepDays { get; set; }

    private protected override string Activity => Texts.Get("Activity_Retention");

    private protected override void ProcessConfiguration(string name)
    {
        var options = new RetentionOptions
        {
            KeepLast = MyInvocation.BoundParameters.ContainsKey(nameof(KeepLast)) ? KeepLast : null,
            KeepDays = MyInvocation.BoundParameters.ContainsKey(nameof(KeepDays)) ? KeepDays : null,
            PlanOnly = true,
        };
        RetentionResult? plan = null;
        if (!Run(async token => plan = await Engine.RunRetentionAsync(name, options, Secrets, Observer, token).ConfigureAwait(false)))
            return;

        // The plan is what -WhatIf and -Confirm show; carrying it out computes it anew, because the repository may have changed since.
        var action = Texts.Get("Action_Retention", plan!.Removed.Count, plan.PacksDeleted, plan.PacksRepacked, plan.BytesFreed >> 20);
        if (!ShouldProcess(name, action))
        {
            WriteObject(plan);
            return;
        }

        Run(async token =>
        {
            var done = await Engine.RunRetentionAsync(name, options with { PlanOnly = false }, Secrets, Observer, token).ConfigureAwait(false);
            Post(() => WriteObject(done));
        });
    }
}
