namespace KlarKonform.Backup.Repository.Locks;

/// <summary>
/// A moment by both clocks of a machine. The one on the wall is set by people and time servers; the other one never is, but stands still
/// while the machine sleeps (CLOCK_MONOTONIC). Each shows what the other one hides.
/// </summary>
internal readonly record struct Instant(long Stamp, DateTimeOffset Clock)
{
    public static Instant Now(TimeProvider time) => new(time.GetTimestamp(), time.GetUtcNow());

    /// <summary>Time that the machine was awake since: what a limit is measured by, whatever is done to the clock.</summary>
    public TimeSpan Awake(TimeProvider time) => time.GetElapsedTime(Stamp);

    /// <summary>Time that may have passed at most: more than <see cref="Awake"/> after a sleep, and after a clock was set, either way.</summary>
    public TimeSpan AtMost(TimeProvider time) => Awake(time) is var awake && (time.GetUtcNow() - Clock).Duration() is var clock && clock > awake ? clock : awake;
}
