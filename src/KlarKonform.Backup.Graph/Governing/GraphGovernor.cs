using System.Collections.Concurrent;

namespace KlarKonform.Backup.Graph.Governing;

/// <summary>
/// Keeps requests within Microsoft's limits, a scope at a time: a throttled mailbox waits alone. Thread-safe.
/// </summary>
public sealed class GraphGovernor
{
    // Documented for Outlook: four concurrent requests of one app on one mailbox.
    private const int MailboxConcurrency = 4;

    // 10,000 requests in ten minutes are documented; a little stays free for an admin's own tools of the same app.
    private const int MailboxRequests = 9_600;
    private static readonly TimeSpan s_mailboxWindow = TimeSpan.FromMinutes(10);

    // SharePoint names no concurrency; its resource units bind long before.
    private const int DriveConcurrency = 16;
    private const int DirectoryConcurrency = 8;

    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<GraphScope, Gate> _gates = new();

    /// <summary>Creates a governor; one serves all requests of one app in one tenant.</summary>
    public GraphGovernor(TimeProvider time) => _time = time;

    /// <summary>Waits until the scope admits a request. Dispose the result once its answer is read to the end.</summary>
    public async Task<IDisposable> EnterAsync(GraphScope scope, CancellationToken cancellationToken)
    {
        var gate = _gates.GetOrAdd(scope, static scope => new Gate(scope.Service switch
        {
            GraphService.Outlook => MailboxConcurrency,
            GraphService.SharePoint => DriveConcurrency,
            _ => DirectoryConcurrency,
        }));
        await gate.Slots.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            while (gate.TimeToWait(_time.GetUtcNow(), scope.Service == GraphService.Outlook ? MailboxRequests : int.MaxValue, s_mailboxWindow) is var wait && wait > TimeSpan.Zero)
                await Task.Delay(wait, _time, cancellationToken).ConfigureAwait(false);
            return new Admission(gate);
        }
        catch
        {
            gate.Slots.Release();
            throw;
        }
    }

    /// <summary>Lets nothing of the scope pass for a time: what <c>Retry-After</c> asks for.</summary>
    public void Pause(GraphScope scope, TimeSpan duration)
    {
        if (_gates.TryGetValue(scope, out var gate))
            gate.PauseUntil(_time.GetUtcNow() + duration);
    }

    private sealed class Gate(int concurrency)
    {
        private readonly Queue<DateTimeOffset> _recent = new();
        private DateTimeOffset _pausedUntil;

        public SemaphoreSlim Slots { get; } = new(concurrency);

        public void PauseUntil(DateTimeOffset moment)
        {
            lock (_recent)
                _pausedUntil = moment > _pausedUntil ? moment : _pausedUntil;
        }

        /// <summary>Zero admits the request and counts it.</summary>
        public TimeSpan TimeToWait(DateTimeOffset now, int limit, TimeSpan window)
        {
            lock (_recent)
            {
                if (_pausedUntil > now)
                    return _pausedUntil - now;
                if (limit == int.MaxValue)
                    return TimeSpan.Zero;
                while (_recent.TryPeek(out var first) && now - first >= window)
                    _recent.Dequeue();
                if (_recent.Count >= limit)
                    return _recent.Peek() + window - now;
                _recent.Enqueue(now);
                return TimeSpan.Zero;
            }
        }
    }

    private sealed class Admission(Gate gate) : IDisposable
    {
        private int _left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0)
                gate.Slots.Release();
        }
    }
}
