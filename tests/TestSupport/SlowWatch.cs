namespace KlarKonform.Backup.TestSupport;

/// <summary>
/// A clock whose elapsed time hardly moves: for code that measures how long something took, next to nothing passes, however busy the
/// machine is, so that nothing is done "because a second is over". The time of day and timers run normally. Thread-safe.
/// </summary>
public sealed class SlowWatch : TimeProvider
{
    private const int Factor = 10_000;

    private readonly long _stamp = System.GetTimestamp();

    public override long GetTimestamp() => _stamp + ((System.GetTimestamp() - _stamp) / Factor);
}
