using System.Management.Automation;

namespace KlarKonform.Backup.Cmdlets.Commands.Retention;

/// <summary>
/// Removes old snapshots and everything that no snapshot needs any more: by the configuration's policy, or by another one for this call.
/// </summary>
[Cmdlet(VerbsLifecycle.Invoke, "KKBackupRetention", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(RetentionResult))]
public sealed class InvokeKKBackupRetentionCommand : ConfigurationNameCommand
{
    /// <summary>A preset for this call.</summary>
    [Parameter]
    public RetentionPreset Preset { get; set; }

    /// <summary>How many of the newest complete snapshots to keep.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int KeepLast { get; set; }

    /// <summary>For how many days to keep every snapshot.</summary>
    [Parameter]
    [ValidateRange(1, 36500)]
    public int KeepDays { get; set; }

    /// <summary>For how many hours to keep one snapshot per hour.</summary>
    [Parameter]
    [ValidateRange(1, 36500)]
    public int KeepHourly { get; set; }

    /// <summary>For how many days to keep one snapshot per day.</summary>
    [Parameter]
    [ValidateRange(1, 36500)]
    public int KeepDaily { get; set; }

    /// <summary>For how many weeks to keep one snapshot per week.</summary>
    [Parameter]
    [ValidateRange(1, 36500)]
    public int KeepWeekly { get; set; }

    /// <summary>For how many months to keep one snapshot per month.</summary>
    [Parameter]
    [ValidateRange(1, 36500)]
    public int KeepMonthly { get; set; }

    /// <summary>For how many years to keep one snapshot per year.</summary>
    [Parameter]
    [ValidateRange(1, 36500)]
    public int KeepYearly { get; set; }

    /// <summary>Shows the plan as it would be after a backup on that date.</summary>
    [Parameter]
    public DateTime Date { get; set; }

    /// <summary>
    /// Also removes what a person should look at first: more than half of the snapshots at once, or a removal based on times that a wrong
    /// clock may have produced.
    /// </summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Deletes at once, and not a day later, what nothing needs any more.</summary>
    [Parameter]
    public SwitchParameter InstantDelete { get; set; }

    private protected override string Activity => Texts.Get("Activity_Retention");

    private protected override void ProcessConfiguration(string name)
    {
        var options = new RetentionOptions
        {
            Policy = Policy(),
            PlanOnly = true,
            Force = Force,
            InstantDelete = InstantDelete,
            AsOf = Given(nameof(Date)) ? new DateTimeOffset(Date) : null,
        };
        RetentionResult? plan = null;
        if (!Run(async token => plan = await Engine.RunRetentionAsync(name, options, Secrets, Observer, token).ConfigureAwait(false)))
            return;

        // The plan is what -WhatIf and -Confirm show; carrying it out computes it again, because the repository may have changed since.
        var action = Texts.Get(
            "Action_Retention",
            plan!.Removed.Count,
            plan.PacksDeleted,
            plan.PacksRetired,
            plan.PacksRepacked,
            plan.BytesFreed >> 20,
            plan.BytesRetired >> 20
        );
        if (Given(nameof(Date)) || !ShouldProcess(name, action))
        {
            WriteObject(plan);
            return;
        }

        Run(async token =>
        {
            var done = await Engine
                .RunRetentionAsync(name, options with { PlanOnly = false }, Secrets, Observer, token)
                .ConfigureAwait(false);
            Post(() => WriteObject(done));
        });
    }

    private RetentionSettings? Policy()
    {
        if (MyInvocation.BoundParameters.Keys.Any(key => key.StartsWith("Keep", StringComparison.OrdinalIgnoreCase)))
        {
            return new RetentionSettings
            {
                Preset = Given(nameof(Preset)) ? Preset : RetentionPreset.Custom,
                Keep = new KeepSettings
                {
                    Days = Kept(nameof(KeepDays), KeepDays),
                    Last = Kept(nameof(KeepLast), KeepLast),
                    Hourly = Kept(nameof(KeepHourly), KeepHourly),
                    Daily = Kept(nameof(KeepDaily), KeepDaily),
                    Weekly = Kept(nameof(KeepWeekly), KeepWeekly),
                    Monthly = Kept(nameof(KeepMonthly), KeepMonthly),
                    Yearly = Kept(nameof(KeepYearly), KeepYearly),
                },
            };
        }

        return Given(nameof(Preset)) ? new RetentionSettings { Preset = Preset } : null;
    }

    private int? Kept(string parameter, int value) => Given(parameter) ? value : null;

    private bool Given(string parameter) => MyInvocation.BoundParameters.ContainsKey(parameter);
}
