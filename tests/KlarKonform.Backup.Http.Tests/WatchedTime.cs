using Microsoft.Extensions.Time.Testing;

namespace KlarKonform.Backup.Http.Tests;

/// <summary>A clock that a test moves, and that knows its timers: how many are running, and how many were not disposed.</summary>
internal sealed class WatchedTime : TimeProvider
{
    private readonly FakeTimeProvider _time = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HashSet<Timer> _running = [];
    private int _alive;

    public int Alive => Volatile.Read(ref _alive);

    public void Advance(TimeSpan span) => _time.Advance(span);

    /// <summary>Waits until a timer runs: only then does moving the clock have an effect.</summary>
    public async Task RunningAsync()
    {
        while (true)
        {
            Task changed;
            lock (_running)
            {
                if (_running.Count > 0)
                    return;
                changed = _changed.Task;
            }

            await changed;
        }
    }

    public override DateTimeOffset GetUtcNow() => _time.GetUtcNow();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Interlocked.Increment(ref _alive);
        var timer = new Timer(this, _time.CreateTimer(callback, state, dueTime, period));
        timer.Note(dueTime);
        return timer;
    }

    private sealed class Timer(WatchedTime time, ITimer inner) : ITimer
    {
        private int _disposed;

        public void Note(TimeSpan due)
        {
            lock (time._running)
            {
                if (due == Timeout.InfiniteTimeSpan)
                    time._running.Remove(this);
                else
                    time._running.Add(this);
                Interlocked
                    .Exchange(ref time._changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously))
                    .SetResult();
            }
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var changed = inner.Change(dueTime, period);
            Note(dueTime);
            return changed;
        }

        public void Dispose()
        {
            inner.Dispose();
            Note(Timeout.InfiniteTimeSpan);
            if (Interlocked.Exchange(ref _disposed, 1) == 0)
                Interlocked.Decrement(ref time._alive);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
