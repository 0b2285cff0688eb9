namespace KlarKonform.Backup.Graph.Http;

/// <summary>
/// How far this computer's clock is from the service's, according to the <c>Date</c> header of its responses (RFC 9110, 6.6.1: whole
/// seconds). The median of the last responses counts: now and then a gateway with a clock of its own answers. Thread-safe.
/// </summary>
internal sealed class ServerClock(TimeProvider time)
{
    private const int Kept = 15;

    // A response that took longer is too inexact.
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(30);

    private readonly object _gate = new();
    private readonly Queue<TimeSpan> _seen = new();

    /// <summary>What to add to this computer's time to get the service's; null before the first response.</summary>
    public TimeSpan? Offset
    {
        get
        {
            lock (_gate)
                return _seen.Count == 0 ? null : _seen.Order().ElementAt(_seen.Count / 2);
        }
    }

    /// <summary>Adds the time of a response.</summary>
    /// <param name="date">Its Date header, or null.</param>
    /// <param name="waited">How long ago the request was sent.</param>
    public void Observe(DateTimeOffset? date, TimeSpan waited)
    {
        if (date is not { } server || waited > s_longest)
            return;
        lock (_gate)
        {
            _seen.Enqueue(server - (time.GetUtcNow() - (waited / 2)));
            if (_seen.Count > Kept)
                _seen.Dequeue();
        }
    }
}
