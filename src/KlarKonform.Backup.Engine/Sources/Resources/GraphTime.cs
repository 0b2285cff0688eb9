namespace KlarKonform.Backup.Engine.Sources.Resources;

/// <summary>
/// The time of a run: this computer's, unless Microsoft's differs from it by minutes; then Microsoft's counts, so that snapshots are dated
/// correctly, locks and periods are judged correctly, and a wrong local clock does no harm. Pauses are measured by the computer.
/// Thread-safe.
/// </summary>
/// <param name="computer">The computer's clock.</param>
/// <param name="offset">What to add to it for Microsoft's time; null as long as that is unknown.</param>
internal sealed class GraphTime(TimeProvider computer, Func<TimeSpan?> offset) : TimeProvider
{
    /// <summary>
    /// Clocks that a time server sets differ by less, and Entra ID refuses certificates' signatures that are further off.
    /// </summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    /// <summary>By how much the computer's clock is wrong; null if it is right, or unknown.</summary>
    public TimeSpan? Wrong => offset() is { } off && off.Duration() > Tolerance ? -off : null;

    /// <inheritdoc />
    public override TimeZoneInfo LocalTimeZone => computer.LocalTimeZone;

    /// <inheritdoc />
    public override long TimestampFrequency => computer.TimestampFrequency;

    /// <inheritdoc />
    public override DateTimeOffset GetUtcNow() => computer.GetUtcNow() - (Wrong ?? TimeSpan.Zero);

    /// <inheritdoc />
    public override long GetTimestamp() => computer.GetTimestamp();

    /// <inheritdoc />
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        computer.CreateTimer(callback, state, dueTime, period);
}
