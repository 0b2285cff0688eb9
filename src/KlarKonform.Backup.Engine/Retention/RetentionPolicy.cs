using KlarKonform.Backup.Repository.Retention;

namespace KlarKonform.Backup.Engine.Retention;

/// <summary>A configuration's retention as rules for snapshots and an age for deleted items.</summary>
internal sealed class RetentionPolicy
{
    private const int DaysAMonth = 31;
    private const int DaysAYear = 366;

    private RetentionPolicy(KeepRules rules, int days, bool keepsDeleted)
    {
        Rules = rules;
        Days = days;
        KeepsDeleted = keepsDeleted;
    }

    /// <summary>Which snapshots are kept.</summary>
    public KeepRules Rules { get; }

    /// <summary>How far back the rules reach at most, in days.</summary>
    public int Days { get; }

    /// <summary>Whether deleted items are kept in later snapshots.</summary>
    public bool KeepsDeleted { get; }

    /// <summary>
    /// When the period begins: for deletions within a calendar year, the ten years of the law begin at the end of that year (HGB §257 (5),
    /// AO §147 (4)).
    /// </summary>
    public bool CountsFromYearEnd { get; private init; }

    public static RetentionPolicy? Of(RetentionSettings? settings) =>
        settings is null ? null : Of(settings, settings.DeletedItemsOrDefault() == DeletedItemsPolicy.KeepUntilRetention);

    /// <summary>Whether the retention of a month's deleted items has expired.</summary>
    /// <param name="month">The month in which their deletion was noticed, as yyyy-MM.</param>
    /// <param name="now">The current time.</param>
    public bool IsOver(string month, DateTimeOffset now)
    {
        if (
            !DateTime.TryParseExact(
                month,
                "yyyy-MM",
                System.Globalization.CultureInfo.InvariantCulture,
                System.Globalization.DateTimeStyles.None,
                out var first
            )
        )
            return false; // Not created by us.
        var from = CountsFromYearEnd ? new DateTime(first.Year + 1, 1, 1) : first.AddMonths(1);
        var until = CountsFromYearEnd ? from.AddYears(LegalYears) : from.AddDays(Days);
        return now.UtcDateTime >= until;
    }

    private const int LegalYears = 10;

    // Ten years from the end of the calendar year reach up to eleven years back.
    private static RetentionPolicy Of(RetentionSettings settings, bool keepsDeleted) =>
        settings.Preset switch
        {
            RetentionPreset.Standard => new(new KeepRules { Within = new KeepSpan(0, 0, 90) }, 90, keepsDeleted),
            RetentionPreset.Extended => new(
                new KeepRules
                {
                    Within = new KeepSpan(0, 0, 30),
                    WithinDaily = new KeepSpan(0, 0, 90),
                    WithinWeekly = new KeepSpan(1, 0, 0),
                    WithinMonthly = new KeepSpan(3, 0, 0),
                },
                3 * DaysAYear,
                keepsDeleted
            ),
            RetentionPreset.Legal => new(
                new KeepRules
                {
                    Within = new KeepSpan(0, 0, 30),
                    WithinDaily = new KeepSpan(1, 0, 0),
                    WithinWeekly = new KeepSpan(3, 0, 0),
                    WithinMonthly = new KeepSpan(LegalYears + 1, 0, 0),
                },
                (LegalYears + 1) * DaysAYear,
                keepsDeleted
            )
            {
                CountsFromYearEnd = true,
            },
            _ => Of(settings.Keep ?? new KeepSettings(), keepsDeleted),
        };

    private static RetentionPolicy Of(KeepSettings keep, bool keepsDeleted)
    {
        var rules = new KeepRules
        {
            Within = new KeepSpan(0, 0, keep.Days ?? 0),
            Last = keep.Last ?? 0,
            Hourly = keep.Hourly ?? 0,
            Daily = keep.Daily ?? 0,
            Weekly = keep.Weekly ?? 0,
            Monthly = keep.Monthly ?? 0,
            Yearly = keep.Yearly ?? 0,
        };
        int[] reach =
        [
            keep.Days ?? 0,
            keep.Daily ?? 0,
            7 * (keep.Weekly ?? 0),
            DaysAMonth * (keep.Monthly ?? 0),
            DaysAYear * (keep.Yearly ?? 0),
            ((keep.Hourly ?? 0) + 23) / 24,
        ];
        return new RetentionPolicy(rules, Math.Max(1, reach.Max()), keepsDeleted);
    }
}
