using System.Management.Automation;

namespace KlarKonform.Backup.Cmdlets.Commands.Retention;

/// <summary>Removes old snapshots and what no snapshot needs any more: by the configuration's policy, or by another one for this time.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "KKBackupRetention", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(RetentionResult))]
public sealed class InvokeKKBackupRetentionCommand : ConfigurationNameCommand
{
    /// <summary>A preset for this time.</summary>
    [Parameter]
    public RetentionPreset Preset { get; set; }

    /// <summary>Newest complete snapshots to keep.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int KeepLast { get; set; }

    /// <summary>Snapshots of so many days to keep.</summary>
    [Parameter]
    [ValidateRange(1, 36500)]
    public int KeepDays { get; set; }

    /// <summary>One an hour to keep.</summary>
    [Parameter]
    [ValidateRange(1, 36500)]
    public int KeepHourly { get; set; }

    /// <summary>One a day to keep.</summary>
    [Parameter]
    [ValidateRange(1, 36500)]
    public int KeepDaily { get; set; }

    /// <summary>One a week to keep.</summary>
    [Parameter]
    [ValidateRange(1, 36500)]
    public int KeepWeekly { get; set; }

    /// <summary>One a month to keep.</summary>
    [Parameter]
    [ValidateRange(1, 36500)]
    public int KeepMonthly { get; set; }

    /// <summary>One a year to keep.</summary>
    [Parameter]
    [ValidateRange(1, 36500)]
    public int KeepYearly { get; set; }

    /// <summary>Shows the plan as it would be after a backup of that date.</summary>
    [Parameter]
    public DateTime Date { get; set; }

    /// <summary>Removes also what a person should look at first: more than half of the snapshots at once, or by times that a wrong clock may have made.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Deletes at once what nothing needs any more, and not a day later.</summary>
    [Parameter]
    public SwitchParameter InstantDelete { get; set; }

    private protected override string Activity => Texts.Get("Activity_Retention");

    private protected override void ProcessConfiguration(string name)
    {
        var options = new RetentionOptions { Policy = Policy(), PlanOnly = true, Force = Force, InstantDelete = InstantDelete, AsOf = Given(nameof(Date)) ? new DateTimeOffset(Date) : null };
        RetentionResult? plan = null;
        if (!Run(async token => plan = await Engine.RunRetentionAsync(name, options, Secrets, Observer, token).ConfigureAwait(false)))
            return;

        // The plan is what -WhatIf and -Confirm show; carrying it out computes it anew, because the repository may have changed since.
        var action = Texts.Get("Action_Retention", plan!.Removed.Count, plan.PacksDeleted, plan.PacksRetired, plan.PacksRepacked, plan.BytesFreed >> 20, plan.BytesRetired >> 20);
        if (Given(nameof(Date)) || !ShouldProcess(name, action))
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
