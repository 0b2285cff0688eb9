using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Locks.Files;

namespace KlarKonform.Backup.Repository.Locks;

/// <summary>
/// Decides whether a lock is held. The time in a lock comes from another machine's clock: it may be a reason to watch, but never proves
/// death. A living owner renews, a renewed lock is another file, and a file that still exists after its owner would have renewed it belongs
/// to no one. restic's values are from its internal/repository/lock.go and lock_file.go.
/// </summary>
internal sealed class LockJudge(TimeProvider time)
{
    /// <summary>restic's value: an older lock is stale.</summary>
    public static readonly TimeSpan StaleAfter = TimeSpan.FromMinutes(30);

    /// <summary>How often restic renews its locks, and we those without a purpose.</summary>
    public static readonly TimeSpan RenewEvery = TimeSpan.FromMinutes(5);

    /// <summary>How often a lock with a purpose is renewed, so that a dead owner is noticed within a few minutes.</summary>
    public static readonly TimeSpan RenewPurposeEvery = TimeSpan.FromMinutes(1);

    /// <summary>A lock with a purpose that has been silent for this long is watched.</summary>
    public static readonly TimeSpan PurposeSilentAfter = TimeSpan.FromMinutes(3);

    /// <summary>An empty or unreadable file of this age, by the storage's clock, is watched and then removed.</summary>
    public static readonly TimeSpan UselessAfter = TimeSpan.FromDays(1);

    /// <summary>How often a lock holder looks for dead locks: each of them was watched for that long.</summary>
    public static readonly TimeSpan SweepEvery = TimeSpan.FromSeconds(390);

    // Clocks may differ by this much unnoticed.
    private static readonly TimeSpan s_clocksDiffer = TimeSpan.FromMinutes(10);

    // A time this far ahead shows that a clock is wrong, and says nothing about the lock's age.
    private static readonly TimeSpan s_farAhead = TimeSpan.FromMinutes(15);

    private static readonly TimeSpan s_watchPurpose = TimeSpan.FromSeconds(75);
    private static readonly TimeSpan s_watch = SweepEvery;

    // A holder of a restic lock that was suspended continues without a check if that took less than 22.5 minutes (refreshabilityTimeout).
    private static readonly TimeSpan s_resticLooksAfter = TimeSpan.FromMinutes(25);

    /// <summary>What is known about a lock now.</summary>
    /// <returns>The evidence, and how much longer it must be watched before it may be removed, or null if watching would show
    /// nothing.</returns>
    public (LockEvidence Evidence, TimeSpan? Watch) Judge(SeenLock seen)
    {
        var watched = time.GetElapsedTime(seen.Since);
        var toWatch = s_watch - watched;
        if (seen.File is not { } file)
        {
            var useless = seen.IsEmpty ? LockEvidence.Empty : LockEvidence.Unreadable;
            var isOld = watched >= UselessAfter || (seen.Stored is { } stored && time.GetUtcNow() - stored >= UselessAfter);
            return (useless, isOld ? NotNegative(toWatch) : null);
        }

        if (ProcessHome.Current.KnowsAsGone(file))
            return (LockEvidence.ProcessGone, TimeSpan.Zero);
        var (silentAfter, farAhead) = file.Purpose is null ? (StaleAfter, s_farAhead) : (PurposeSilentAfter, PurposeSilentAfter);
        if (seen.Before is { } before && time.GetElapsedTime(before) < silentAfter)
            return (LockEvidence.Renewed, null); // Written while we watched, whatever its time says.
        var age = time.GetUtcNow() - file.Taken;
        if (age < silentAfter && watched < silentAfter && age > -farAhead)
            return (LockEvidence.Renewed, null);
        if (file.Purpose is not null)
            toWatch = s_watchPurpose - watched;
        else if (!file.IsOurs && s_resticLooksAfter - Longer(watched, age - s_clocksDiffer) is var untilItLooks && untilItLooks > toWatch)
            toWatch = untilItLooks;
        return toWatch <= TimeSpan.Zero
            ? (LockEvidence.Abandoned, TimeSpan.Zero)
            : (age < TimeSpan.Zero ? LockEvidence.FromTheFuture : LockEvidence.Silent, toWatch);
    }

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private static TimeSpan NotNegative(TimeSpan span) => Longer(span, TimeSpan.Zero);
}
