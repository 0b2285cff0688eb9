namespace KlarKonform.Backup.TestSupport;

/// <summary>
/// A clock that can be set forward or back at will, as by an admin or a bad time server. Pauses take their time by it. Thread-safe.
/// </summary>
/// <param name="clock">The clock; null for the system's.</param>
public sealed class JumpingTime(TimeProvider? clock = null) : TimeProvider
{
    private readonly TimeProvider _clock = clock ?? System;

    private long _ticks;

    /// <summary>Sets the clock forward, or back with a negative span.</summary>
    public void Jump(TimeSpan span) => Interlocked.Add(ref _ticks, span.Ticks);

    public override DateTimeOffset GetUtcNow() => _clock.GetUtcNow().AddTicks(Interlocked.Read(ref _ticks));

    public override long TimestampFrequency => _clock.TimestampFrequency;

    public override long GetTimestamp() => _clock.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        _clock.CreateTimer(callback, state, dueTime, period);
}
