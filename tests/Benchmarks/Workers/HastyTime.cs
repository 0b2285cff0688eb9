namespace KlarKonform.Backup.Benchmarks.Workers;

/// <summary>
/// A clock on which everything passes faster: minutes of silence are seconds. For waiting, never for measuring. Thread-safe.
/// </summary>
/// <param name="factor">How much faster.</param>
internal sealed class HastyTime(int factor) : TimeProvider
{
    private readonly DateTimeOffset _began = System.GetUtcNow();
    private readonly long _stamp = System.GetTimestamp();

    public override DateTimeOffset GetUtcNow() => _began + (System.GetElapsedTime(_stamp) * factor);

    public override long GetTimestamp() => _stamp + ((System.GetTimestamp() - _stamp) * factor);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        System.CreateTimer(callback, state, Shorter(dueTime), Shorter(period));

    private TimeSpan Shorter(TimeSpan span) => span <= TimeSpan.Zero ? span : span / factor;
}
