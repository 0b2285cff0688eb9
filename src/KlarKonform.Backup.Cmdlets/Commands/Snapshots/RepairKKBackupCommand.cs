using System.Management.Automation;

namespace KlarKonform.Backup.Cmdlets.Commands.Snapshots;

/// <summary>
/// Repairs a repository: its index, and optionally damaged packs and snapshots that have lost something. The plan comes first.
/// </summary>
[Cmdlet(VerbsDiagnostic.Repair, "KKBackup", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(RepairResult))]
public sealed class RepairKKBackupCommand : ConfigurationNameCommand
{
    /// <summary>Damaged packs whose readable contents are saved into new ones, by their ids as shown by Test-KKBackup.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] PackId { get; set; } = [];

    /// <summary>Also writes a copy, without what is lost, of every snapshot that has lost something.</summary>
    [Parameter]
    public SwitchParameter Snapshot { get; set; }

    /// <summary>With Snapshot: removes the damaged ones once their copies are durable.</summary>
    [Parameter]
    public SwitchParameter Forget { get; set; }

    private protected override string Activity => Texts.Get("Activity_Repair");

    private protected override void ProcessConfiguration(string name)
    {
        var options = new RepairOptions
        {
            PlanOnly = true,
            Packs = PackId,
            Snapshots = Snapshot,
            Forget = Forget,
        };
        RepairResult? plan = null;
        if (!Run(async token => plan = await Engine.RepairAsync(name, options, Secrets, Observer, token).ConfigureAwait(false)))
            return;

        // The plan is what -WhatIf and -Confirm show; carrying it out computes it again, because the repository may have changed since.
        var action = Texts.Get(
            "Action_Repair",
            plan!.PacksRead,
            plan.DamagedIndexes.Count,
            plan.AbsentPacks.Count,
            plan.UnreadablePacks.Count + PackId.Length,
            plan.Snapshots.Count
        );
        if (!ShouldProcess(name, action))
        {
            WriteObject(plan);
            return;
        }

        Run(async token =>
        {
            var done = await Engine.RepairAsync(name, options with { PlanOnly = false }, Secrets, Observer, token).ConfigureAwait(false);
            Post(() => WriteObject(done));
        });
    }
}
