namespace KlarKonform.Backup.Repository.Locks;

/// <summary>
/// A point in time by both clocks of a machine. The wall clock is set by people and time servers; the other one never is, but stops while
/// the machine sleeps (CLOCK_MONOTONIC). Each shows what the other hides.
/// </summary>
internal readonly record struct Instant(long Stamp, DateTimeOffset Clock)
{
    public static Instant Now(TimeProvider time) => new(time.GetTimestamp(), time.GetUtcNow());

    /// <summary>Time since then during which the machine was awake: for measuring limits, however the clock is set.</summary>
    public TimeSpan Awake(TimeProvider time) => time.GetElapsedTime(Stamp);

    /// <summary>
    /// The maximum time that may have passed: more than <see cref="Awake"/> after a sleep, and after a clock change in either direction.
    /// </summary>
    public TimeSpan AtMost(TimeProvider time) =>
        Awake(time) is var awake && (time.GetUtcNow() - Clock).Duration() is var clock && clock > awake ? clock : awake;
}
