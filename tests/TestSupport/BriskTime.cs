namespace KlarKonform.Backup.TestSupport;

/// <summary>
/// A clock on which pauses pass faster, but limits do not: code that waits for an answer waits as long as ever. Thread-safe.
/// </summary>
/// <param name="factor">How much faster.</param>
public sealed class BriskTime(int factor) : TimeProvider
{
    private readonly DateTimeOffset _began = System.GetUtcNow();
    private readonly long _stamp = System.GetTimestamp();

    public override DateTimeOffset GetUtcNow() => _began + (System.GetElapsedTime(_stamp) * factor);

    public override long GetTimestamp() => _stamp + ((System.GetTimestamp() - _stamp) * factor);

    // A cancellation source is a limit; a task is a pause.
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        state is CancellationTokenSource
            ? System.CreateTimer(callback, state, dueTime, period)
            : new BriskTimer(System.CreateTimer(callback, state, Shorter(dueTime), Shorter(period)), Shorter);

    private TimeSpan Shorter(TimeSpan span) => span <= TimeSpan.Zero ? span : span / factor;

    private sealed class BriskTimer(ITimer timer, Func<TimeSpan, TimeSpan> shorter) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(shorter(dueTime), shorter(period));

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
