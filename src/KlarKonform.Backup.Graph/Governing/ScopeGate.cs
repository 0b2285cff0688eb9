namespace KlarKonform.Backup.Graph.Governing;

/// <summary>
/// Admits the requests of one limit: slots, quotas and pauses. Resources that share it take turns, so that a drive with a thousand waiting
/// files does not stall the others. Thread-safe.
/// </summary>
internal sealed class ScopeGate : IDisposable
{
    // After this many responses without a complaint, a slot that was given up is tried again.
    private const int AnswersForAPlace = 50;

    private readonly TimeProvider _time;
    private readonly int _places;
    private readonly SlidingQuota[] _quotas;
    private readonly ITimer _timer;
    private readonly Dictionary<string, Queue<Waiter>> _waiting = new(StringComparer.Ordinal);
    private readonly Queue<string> _turns = new();
    private readonly object _lock = new();
    private int _allowed;
    private int _active;
    private int _answers;
    private DateTimeOffset _pausedUntil;
    private DateTimeOffset? _waitsUntil;

    public ScopeGate(GraphService service, TimeProvider time)
    {
        _time = time;
        _places = _allowed = ServiceLimits.Concurrency(service);
        _quotas = [.. ServiceLimits.Quotas(service)];
        _timer = time.CreateTimer(_ => Pump(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Waits for slots and units. Dispose the result to release the slots.</summary>
    public async Task<IDisposable> EnterAsync(string resource, int places, int cost, CancellationToken cancellationToken)
    {
        var waiter = new Waiter(Math.Min(places, _places), cost);
        lock (_lock)
        {
            if (!_waiting.TryGetValue(resource, out var queue))
                _waiting[resource] = queue = new Queue<Waiter>();
            if (queue.Count == 0)
                _turns.Enqueue(resource);
            queue.Enqueue(waiter);
        }

        Pump();
        await using (
            cancellationToken
                .UnsafeRegister(static (state, token) => ((Waiter)state!).Admitted.TrySetCanceled(token), waiter)
                .ConfigureAwait(false)
        )
            await waiter.Admitted.Task.ConfigureAwait(false);
        return new Admission(this, waiter.Places);
    }

    /// <summary>Until when the next request waits for a pause or a quota; null if it need not wait.</summary>
    public DateTimeOffset? WaitsUntil
    {
        get
        {
            lock (_lock)
                return _waitsUntil;
        }
    }

    /// <summary>Blocks all requests for a time.</summary>
    public void Pause(TimeSpan duration)
    {
        lock (_lock)
        {
            var until = _time.GetUtcNow() + duration;
            _pausedUntil = until > _pausedUntil ? until : _pausedUntil;
        }
    }

    /// <summary>Records a refusal by the service: half the concurrency, until it has not complained for a while.</summary>
    public void Complained()
    {
        lock (_lock)
            (_allowed, _answers) = (Math.Max(1, _allowed / 2), 0);
    }

    /// <summary>Records a response of the service.</summary>
    public void Answered()
    {
        lock (_lock)
        {
            if (_allowed < _places && ++_answers >= AnswersForAPlace)
                (_allowed, _answers) = (_allowed + 1, 0);
        }
    }

    /// <summary>Sets the units of a window, as the service itself reported them.</summary>
    public void SetUnits(TimeSpan window, double units)
    {
        lock (_lock)
        {
            foreach (var quota in _quotas.Where(quota => quota.Window == window))
                quota.Units = units;
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Leave(int places)
    {
        lock (_lock)
            _active -= places;
        Pump();
    }

    private void Pump()
    {
        var admitted = new List<Waiter>();
        lock (_lock)
        {
            _waitsUntil = null;
            while (Next() is { } waiter)
            {
                var now = _time.GetUtcNow();
                var wait = _pausedUntil > now ? _pausedUntil - now : TimeSpan.Zero;
                foreach (var quota in _quotas)
                {
                    var quotaWait = quota.TimeToWait(now, waiter.Cost);
                    wait = quotaWait > wait ? quotaWait : wait;
                }

                if (wait > TimeSpan.Zero)
                {
                    _waitsUntil = now + wait;

                    // A clock with coarse ticks must not wake us too early.
                    _timer.Change(wait + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
                    break;
                }

                // A request that needs more slots than currently allowed runs alone.
                if (_active > 0 && _active + waiter.Places > _allowed)
                    break;
                foreach (var quota in _quotas)
                    quota.Take(now, waiter.Cost);
                _active += waiter.Places;
                admitted.Add(waiter);
                EndTurn();
            }
        }

        foreach (var waiter in admitted)
        {
            // It was cancelled in the meantime: its units are spent, its slots are not.
            if (!waiter.Admitted.TrySetResult())
                Leave(waiter.Places);
        }
    }

    // The first live waiter of the resource whose turn it is.
    private Waiter? Next()
    {
        while (_turns.TryPeek(out var resource))
        {
            var queue = _waiting[resource];
            while (queue.TryPeek(out var waiter))
            {
                if (!waiter.Admitted.Task.IsCompleted)
                    return waiter;
                queue.Dequeue();
            }

            _waiting.Remove(resource);
            _turns.Dequeue();
        }

        return null;
    }

    private void EndTurn()
    {
        var resource = _turns.Dequeue();
        var queue = _waiting[resource];
        queue.Dequeue();
        if (queue.Count > 0)
            _turns.Enqueue(resource);
        else
            _waiting.Remove(resource);
    }

    private sealed class Waiter(int places, int cost)
    {
        public int Places => places;

        public int Cost => cost;

        public TaskCompletionSource Admitted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Admission(ScopeGate gate, int places) : IDisposable
    {
        private int _left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0)
                gate.Leave(places);
        }
    }
}
