namespace KlarKonform.Backup.Engine.Sources.Resources;

/// <summary>
/// The time of a run: this computer's, unless Microsoft's differs from it by minutes; then Microsoft's counts, so that snapshots are dated
/// correctly, locks and periods are judged correctly, and a wrong local clock does no harm. Pauses are measured by the computer.
/// Thread-safe.
/// </summary>
/// <param name="computer">The computer's clock.</param>
internal sealed class GraphTime(TimeProvider computer) : TimeProvider
{
    // Until the sign-in, Microsoft's time is unknown.
    private volatile Func<TimeSpan?> _offset = () => null;

    /// <summary>
    /// Clocks that a time server sets differ by less, and Entra ID refuses certificates' signatures that are further off.
    /// </summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    /// <summary>By how much the computer's clock is wrong; null if it is right, or unknown.</summary>
    public TimeSpan? Wrong => _offset() is { } off && off.Duration() > Tolerance ? -off : null;

    /// <inheritdoc />
    public override TimeZoneInfo LocalTimeZone => computer.LocalTimeZone;

    /// <inheritdoc />
    public override long TimestampFrequency => computer.TimestampFrequency;

    /// <summary>From now on, Microsoft's time counts if this one is wrong.</summary>
    /// <param name="offset">What to add to the computer's time for Microsoft's; null as long as that is unknown.</param>
    public void Follow(Func<TimeSpan?> offset) => _offset = offset;

    /// <inheritdoc />
    public override DateTimeOffset GetUtcNow() => computer.GetUtcNow() - (Wrong ?? TimeSpan.Zero);

    /// <inheritdoc />
    public override long GetTimestamp() => computer.GetTimestamp();

    /// <inheritdoc />
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        computer.CreateTimer(callback, state, dueTime, period);
}
