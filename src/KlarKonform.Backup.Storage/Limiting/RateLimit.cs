namespace KlarKonform.Backup.Storage.Limiting;

/// <summary>
/// Bytes per second, for all callers that share it: each caller reserves bytes after those already reserved and waits for its time. Up to a
/// second's worth may pass at once, so that short pauses are not lost. Thread-safe.
/// </summary>
/// <param name="bytesPerSecond">The limit.</param>
/// <param name="time">Measures and waits.</param>
public sealed class RateLimit(long bytesPerSecond, TimeProvider time)
{
    private readonly object _gate = new();
    private readonly long _start = time.GetTimestamp();
    private TimeSpan _booked = TimeSpan.FromSeconds(-1);

    /// <summary>Waits until this many bytes may pass.</summary>
    public Task PassAsync(long bytes, CancellationToken cancellationToken)
    {
        TimeSpan wait;
        lock (_gate)
        {
            var now = time.GetElapsedTime(_start);
            var earliest = now - TimeSpan.FromSeconds(1);
            _booked = (_booked > earliest ? _booked : earliest) + TimeSpan.FromSeconds((double)bytes / bytesPerSecond);
            wait = _booked - now;
        }

        return wait > TimeSpan.Zero ? Task.Delay(wait, time, cancellationToken) : Task.CompletedTask;
    }
}
