using System.Globalization;

namespace KlarKonform.Backup.Repository.Retention;

/// <summary>
/// Which snapshots stay: the rules of restic's <c>forget --keep-*</c> (internal/data/snapshot_policy.go), with the same decisions. Counts
/// are numbers of snapshots, spans reach back from the newest snapshot: if backups stop, nothing expires.
/// </summary>
public sealed record KeepRules
{
    /// <summary>How many of the newest snapshots to keep.</summary>
    public int Last { get; init; }

    /// <summary>For how many hours to keep the newest snapshot; hours without snapshots do not count.</summary>
    public int Hourly { get; init; }

    /// <summary>For how many days to keep the newest snapshot; days without snapshots do not count.</summary>
    public int Daily { get; init; }

    /// <summary>For how many ISO weeks to keep the newest snapshot; weeks without snapshots do not count.</summary>
    public int Weekly { get; init; }

    /// <summary>For how many months to keep the newest snapshot; months without snapshots do not count.</summary>
    public int Monthly { get; init; }

    /// <summary>For how many years to keep the newest snapshot; years without snapshots do not count.</summary>
    public int Yearly { get; init; }

    /// <summary>The span in which to keep every snapshot.</summary>
    public KeepSpan Within { get; init; }

    /// <summary>The span in which to keep the newest snapshot of each hour.</summary>
    public KeepSpan WithinHourly { get; init; }

    /// <summary>The span in which to keep the newest snapshot of each day.</summary>
    public KeepSpan WithinDaily { get; init; }

    /// <summary>The span in which to keep the newest snapshot of each ISO week.</summary>
    public KeepSpan WithinWeekly { get; init; }

    /// <summary>The span in which to keep the newest snapshot of each month.</summary>
    public KeepSpan WithinMonthly { get; init; }

    /// <summary>The span in which to keep the newest snapshot of each year.</summary>
    public KeepSpan WithinYearly { get; init; }

    /// <summary>
    /// Whether a rule with an unused count also keeps the oldest snapshot, as restic does since 0.16: a history that is just beginning
    /// keeps its beginning.
    /// </summary>
    public bool KeepsOldest { get; init; } = true;

    /// <summary>Whether there are no rules: then everything stays.</summary>
    public bool IsEmpty => this with { KeepsOldest = true } == new KeepRules();

    /// <summary>
    /// Decides. The result has one entry per snapshot, newest first, with the rules that keep it; no rule means that it is removed.
    /// </summary>
    /// <param name="snapshots">The snapshots, in any order.</param>
    /// <param name="time">When a snapshot was taken, with the offset that determines its calendar day and week.</param>
    /// <param name="now">The current time: spans do not reach back from snapshots in the future.</param>
    public IReadOnlyList<(T Snapshot, IReadOnlyList<string> Reasons)> Apply<T>(
        IEnumerable<T> snapshots,
        Func<T, DateTimeOffset> time,
        DateTimeOffset now
    )
    {
        var sorted = snapshots.OrderByDescending(time).ToArray();
        if (IsEmpty)
            return [.. sorted.Select(each => (each, (IReadOnlyList<string>)["no rule"]))];
        var newest = sorted.Select(time).Where(each => each < now).DefaultIfEmpty(now).Max();
        Bucket[] buckets =
        [
            new("last", (_, number) => number, Last, null),
            new("hourly", Hour, Hourly, null),
            new("daily", Day, Daily, null),
            new("weekly", Week, Weekly, null),
            new("monthly", Month, Monthly, null),
            new("yearly", Year, Yearly, null),
            Spanning("hourly", Hour, WithinHourly, newest),
            Spanning("daily", Day, WithinDaily, newest),
            Spanning("weekly", Week, WithinWeekly, newest),
            Spanning("monthly", Month, WithinMonthly, newest),
            Spanning("yearly", Year, WithinYearly, newest),
        ];
        var since = Within.IsZero ? DateTimeOffset.MaxValue : Within.Before(newest);
        var decisions = new List<(T, IReadOnlyList<string>)>(sorted.Length);
        for (var i = 0; i < sorted.Length; i++)
        {
            var moment = time(sorted[i]);
            var reasons = new List<string>();
            if (moment > since)
                reasons.Add($"within {Within}");
            reasons.AddRange(
                buckets.Where(bucket => bucket.Takes(moment, i, KeepsOldest && i == sorted.Length - 1)).Select(bucket => bucket.Reason)
            );
            decisions.Add((sorted[i], reasons));
        }

        return decisions;
    }

    private static Bucket Spanning(string name, Func<DateTimeOffset, int, int> value, KeepSpan span, DateTimeOffset newest) =>
        new($"{name} within {span}", value, span.IsZero ? 0 : -1, span.IsZero ? null : span.Before(newest));

    private static int Hour(DateTimeOffset time, int number) => (Day(time, number) * 100) + time.Hour;

    private static int Day(DateTimeOffset time, int number) => (Month(time, number) * 100) + time.Day;

    private static int Week(DateTimeOffset time, int number) =>
        (ISOWeek.GetYear(time.DateTime) * 100) + ISOWeek.GetWeekOfYear(time.DateTime);

    private static int Month(DateTimeOffset time, int number) => (time.Year * 100) + time.Month;

    private static int Year(DateTimeOffset time, int number) => time.Year;

    /// <summary>One rule at work; a count of -1 means that only its span limits it.</summary>
    private sealed class Bucket(string reason, Func<DateTimeOffset, int, int> value, int count, DateTimeOffset? since)
    {
        private int _left = count;
        private int _last = -1;

        public string Reason => reason;

        public bool Takes(DateTimeOffset time, int number, bool isOldest)
        {
            if (_left == 0 || time <= since)
                return false;
            var now = value(time, number);
            if (now == _last && !isOldest)
                return false;
            _last = now;
            _left -= _left > 0 ? 1 : 0;
            return true;
        }
    }
}
