using System.Globalization;

namespace KlarKonform.Backup.Engine.Retention;

/// <summary>
/// Whether a plan should be seen by a person first. Retention runs unattended every night and trusts the times of snapshots: a clock that
/// was wrong for one night must not cost the history.
/// </summary>
internal static class RetentionGuard
{
    // Removing a single snapshot needs no second thought.
    private const int MinRemoved = 2;

    // Backups pause over holidays. A gap that is so much longer than usual is more likely a wrong clock.
    private const int MaxGapFactor = 10;
    private static readonly TimeSpan s_minGap = TimeSpan.FromDays(3);
    private const int MinGaps = 3;

    /// <summary>Why a person should look first, or null.</summary>
    /// <param name="configuration">The configuration's name.</param>
    /// <param name="taken">When the complete snapshots were taken, oldest first, without those dated in the future.</param>
    /// <param name="removed">How many of them would be removed.</param>
    public static BackupException? Refuse(string configuration, IReadOnlyList<DateTimeOffset> taken, int removed)
    {
        if (removed >= MinRemoved && removed * 2 > taken.Count)
            return new BackupException(
                ErrorIds.RetentionNeedsForce,
                BackupErrorCategory.InvalidOperation,
                configuration,
                removed,
                taken.Count,
                configuration
            );
        if (removed == 0 || taken.Count < MinGaps + 2)
            return null;
        var gaps = taken.Zip(taken.Skip(1), (before, after) => after - before).ToArray();
        var usual = gaps[..^1].Order().ElementAt((gaps.Length - 1) / 2);
        return gaps[^1] > s_minGap && gaps[^1] > usual * MaxGapFactor
            ? new BackupException(
                ErrorIds.RetentionGap,
                BackupErrorCategory.InvalidOperation,
                configuration,
                configuration,
                Days(gaps[^1]),
                Days(usual)
            )
            : null;
    }

    /// <summary>Why a person still needs to look: an earlier doubt that no one has decided.</summary>
    public static BackupException Waits(string configuration, int removed, int taken, DateTimeOffset since) =>
        new(
            ErrorIds.RetentionNeedsDecision,
            BackupErrorCategory.InvalidOperation,
            configuration,
            configuration,
            since.ToLocalTime(),
            removed,
            taken
        );

    private static string Days(TimeSpan span) => span.TotalDays.ToString("0.#", CultureInfo.CurrentCulture);
}
