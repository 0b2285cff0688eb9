using System.Management.Automation;

namespace KlarKonform.Backup.Cmdlets.Commands.Configuration;

/// <content>How long backups are kept.</content>
public abstract partial class ConfigurationCommand
{
    /// <summary>How long snapshots are kept.</summary>
    [Parameter]
    public RetentionPreset RetentionPreset { get; set; }

    /// <summary>For how many days to keep every snapshot.</summary>
    [Parameter]
    [ValidateRange(0, 36500)]
    public int KeepDays { get; set; }

    /// <summary>How many of the newest snapshots to keep.</summary>
    [Parameter]
    [ValidateRange(0, 36500)]
    public int KeepLast { get; set; }

    /// <summary>For how many hours to keep one snapshot per hour.</summary>
    [Parameter]
    [ValidateRange(0, 36500)]
    public int KeepHourly { get; set; }

    /// <summary>For how many days to keep one snapshot per day.</summary>
    [Parameter]
    [ValidateRange(0, 36500)]
    public int KeepDaily { get; set; }

    /// <summary>For how many weeks to keep one snapshot per week.</summary>
    [Parameter]
    [ValidateRange(0, 36500)]
    public int KeepWeekly { get; set; }

    /// <summary>For how many months to keep one snapshot per month.</summary>
    [Parameter]
    [ValidateRange(0, 36500)]
    public int KeepMonthly { get; set; }

    /// <summary>For how many years to keep one snapshot per year.</summary>
    [Parameter]
    [ValidateRange(0, 36500)]
    public int KeepYearly { get; set; }

    /// <summary>What happens to items that were deleted in Microsoft 365.</summary>
    [Parameter]
    public DeletedItemsPolicy DeletedItems { get; set; }

    private RetentionSettings? ApplyRetention(RetentionSettings? present)
    {
        var keep = new KeepSettings
        {
            Days = Kept(nameof(KeepDays), KeepDays, present?.Keep?.Days),
            Last = Kept(nameof(KeepLast), KeepLast, present?.Keep?.Last),
            Hourly = Kept(nameof(KeepHourly), KeepHourly, present?.Keep?.Hourly),
            Daily = Kept(nameof(KeepDaily), KeepDaily, present?.Keep?.Daily),
            Weekly = Kept(nameof(KeepWeekly), KeepWeekly, present?.Keep?.Weekly),
            Monthly = Kept(nameof(KeepMonthly), KeepMonthly, present?.Keep?.Monthly),
            Yearly = Kept(nameof(KeepYearly), KeepYearly, present?.Keep?.Yearly),
        };
        var counts = MyInvocation.BoundParameters.Keys.Any(name => name.StartsWith("Keep", StringComparison.OrdinalIgnoreCase));
        if (!counts && !Given(nameof(RetentionPreset)) && !Given(nameof(DeletedItems)))
            return present;
        var preset =
            Given(nameof(RetentionPreset)) ? RetentionPreset
            : counts ? RetentionPreset.Custom
            : present?.Preset ?? RetentionPreset.Standard;
        return new RetentionSettings
        {
            Preset = preset,
            Keep = preset == RetentionPreset.Custom || counts ? keep : null,
            DeletedItems = Given(nameof(DeletedItems)) ? DeletedItems : present?.DeletedItems,
        };
    }

    // 0 removes a rule.
    private int? Kept(string parameter, int value, int? present) =>
        Given(parameter)
            ? value > 0
                ? value
                : null
            : present;
}
