namespace KlarKonform.Backup.TestSupport;

/// <summary>The system's clock, set forward or back at will, as an admin or a bad time server does. Pauses take their real time. Thread-safe.</summary>
public sealed class JumpingTime : TimeProvider
{
    private long _ticks;

    /// <summary>Sets the clock forward, or back with a negative span.</summary>
    public void Jump(TimeSpan span) => Interlocked.Add(ref _ticks, span.Ticks);

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddTicks(Interlocked.Read(ref _ticks));
}
