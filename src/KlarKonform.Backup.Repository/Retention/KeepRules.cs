using System.Globalization;

namespace KlarKonform.Backup.Repository.Retention;

/// <summary>
/// Which snapshots stay: the rules of restic's <c>forget --keep-*</c> (internal/data/snapshot_policy.go), with its decisions. Counts are
/// of snapshots, spans reach back from the newest snapshot: when backups stop, nothing runs out.
/// </summary>
public sealed record KeepRules
{
    /// <summary>The newest snapshots.</summary>
    public int Last { get; init; }

    /// <summary>The newest snapshot of each hour that has one, so many hours.</summary>
    public int Hourly { get; init; }

    /// <summary>The newest snapshot of each day, so many days.</summary>
    public int Daily { get; init; }

    /// <summary>The newest snapshot of each ISO week, so many weeks.</summary>
    public int Weekly { get; init; }

    /// <summary>The newest snapshot of each month, so many months.</summary>
    public int Monthly { get; init; }

    /// <summary>The newest snapshot of each year, so many years.</summary>
    public int Yearly { get; init; }

    /// <summary>Every snapshot of a span.</summary>
    public KeepSpan Within { get; init; }

    /// <summary>The newest snapshot of each hour of a span.</summary>
    public KeepSpan WithinHourly { get; init; }

    /// <summary>The newest snapshot of each day of a span.</summary>
    public KeepSpan WithinDaily { get; init; }

    /// <summary>The newest snapshot of each ISO week of a span.</summary>
    public KeepSpan WithinWeekly { get; init; }

    /// <summary>The newest snapshot of each month of a span.</summary>
    public KeepSpan WithinMonthly { get; init; }

    /// <summary>The newest snapshot of each year of a span.</summary>
    public KeepSpan WithinYearly { get; init; }

    /// <summary>
    /// Whether a rule that has counts left keeps the oldest snapshot too, as restic does since 0.16: a history that is just beginning
    /// keeps its beginning.
    /// </summary>
    public bool KeepsOldest { get; init; } = true;

    /// <summary>Whether there is no rule: then everything stays.</summary>
    public bool IsEmpty => this with { KeepsOldest = true } == new KeepRules();

    /// <summary>Decides. The result has one entry a snapshot, newest first, with the rules that keep it; none means that it goes.</summary>
    /// <param name="snapshots">The snapshots, in any order.</param>
    /// <param name="time">When a snapshot was taken, with the offset by whose calendar days and weeks are told.</param>
    /// <param name="now">Snapshots of the future are not what spans reach back from.</param>
    public IReadOnlyList<(T Snapshot, IReadOnlyList<string> Reasons)> Apply<T>(IEnumerable<T> snapshots, Func<T, DateTimeOffset> time, DateTimeOffset now)
    {
        var sorted = snapshots.OrderByDescending(time).ToArray();
        if (IsEmpty)
            return [.. sorted.Select(each => (each, (IReadOnlyList<string>)["no rule"]))];
        var newest = sorted.Select(time).Where(each => each < now).DefaultIfEmpty(now).Max();
        Bucket[] buckets =
        [
            new("last", (_, number) => number, Last, null), new("hourly", Hour, Hourly, null), new("daily", Day, Daily, null),
            new("weekly", Week, Weekly, null), new("monthly", Month, Monthly, null), new("yearly", Year, Yearly, null),
            Spanning("hourly", Hour, WithinHourly, newest), Spanning("daily", Day, WithinDaily, newest), Spanning("weekly", Week, WithinWeekly, newest),
            Spanning("monthly", Month, WithinMonthly, newest), Spanning("yearly", Year, WithinYearly, newest),
        ];
        var since = Within.IsZero ? DateTimeOffset.MaxValue : Within.Before(newest);
        var decisions = new List<(T, IReadOnlyList<string>)>(sorted.Length);
        for (var i = 0; i < sorted.Length; i++)
        {
            var moment = time(sorted[i]);
            var reasons = new List<string>();
            if (moment > since)
                reasons.Add($"within {Within}");
            reasons.AddRange(buckets.Where(bucket => bucket.Takes(moment, i, KeepsOldest && i == sorted.Length - 1)).Select(bucket => bucket.Reason));
            decisions.Add((sorted[i], reasons));
        }

        return decisions;
    }

    private static Bucket Spanning(string name, Func<DateTimeOffset, int, int> value, KeepSpan span, DateTimeOffset newest) =>
        new($"{name} within {span}", value, span.IsZero ? 0 : -1, span.IsZero ? null : span.Before(newest));

    private static int Hour(DateTimeOffset time, int number) => (Day(time, number) * 100) + time.Hour;

    private static int Day(DateTimeOffset time, int number) => (Month(time, number) * 100) + time.Day;

    private static int Week(DateTimeOffset time, int number) => (ISOWeek.GetYear(time.DateTime) * 100) + ISOWeek.GetWeekOfYear(time.DateTime);

    private static int Month(DateTimeOffset time, int number) => (time.Year * 100) + time.Month;

    private static int Year(DateTimeOffset time, int number) => time.Year;

    /// <summary>One rule at work; a count of -1 is bound by its span alone.</summary>
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
