namespace KlarKonform.Backup.Engine.Sources.Resources;

/// <summary>
/// The time of a run: this computer's, unless Microsoft's own is minutes away from it; then Microsoft's counts, so that snapshots bear the
/// right date, locks and periods are told right, and the computer's clock costs nothing. Pauses are those of the computer. Thread-safe.
/// </summary>
/// <param name="computer">The computer's clock.</param>
/// <param name="offset">What is to be added to it for Microsoft's time; null as long as nobody knows.</param>
internal sealed class GraphTime(TimeProvider computer, Func<TimeSpan?> offset) : TimeProvider
{
    /// <summary>Clocks that are kept by a time server differ by less, and Entra ID refuses certificates' signatures that are further off.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    /// <summary>By how much the computer's clock is wrong; null when it is right, or nobody knows.</summary>
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
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => computer.CreateTimer(callback, state, dueTime, period);
}
