namespace KlarKonform.Backup.Repository.Tests.Locking;

/// <summary>A machine's wall clock, and its clock of elapsed time, which stops while the machine sleeps.</summary>
internal sealed class MachineTime(LockWorld world, LockMachine machine) : TimeProvider
{
    private static readonly DateTimeOffset s_start = new(2030, 1, 15, 2, 0, 0, TimeSpan.Zero);
    private readonly AsyncLocal<bool> _isMain = new();
    private int _pauses;

    /// <summary>The number of pauses of the machine's work; without those of background tasks, and without limits.</summary>
    public int Pauses => Volatile.Read(ref _pauses);

    /// <summary>Whether pauses from here on belong to the machine's work.</summary>
    public bool IsMain
    {
        set => _isMain.Value = value;
    }

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => s_start + world.Now + machine.Ahead;

    public override long GetTimestamp() => (world.Now - machine.Slept).Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new Timer(this, callback, state, _isMain.Value && state is not CancellationTokenSource).Set(dueTime);

    private sealed class Timer(MachineTime time, TimerCallback callback, object? state, bool isPause) : ITimer
    {
        private readonly object _gate = new();
        private long _turn;
        private bool _waits;

        public Timer Set(TimeSpan due)
        {
            lock (_gate)
            {
                var turn = ++_turn;
                if (due >= TimeSpan.Zero)
                    Wait(turn, time.GetTimestamp() + due.Ticks);
                Waits(due >= TimeSpan.Zero);
                return this;
            }
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Set(dueTime);
            return true;
        }

        public void Dispose() => Set(Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Wait(long turn, long until) =>
            time.World.After(
                new TimeSpan(Math.Max(0, until - time.GetTimestamp())),
                time.Owner,
                () =>
                {
                    lock (_gate)
                    {
                        if (turn != _turn)
                            return;
                        if (time.GetTimestamp() < until)
                        {
                            Wait(turn, until); // The machine slept meanwhile.
                            return;
                        }

                        Waits(false);
                    }

                    callback(state);
                }
            );

        private void Waits(bool now)
        {
            if (isPause && now != _waits)
                Interlocked.Add(ref time._pauses, now ? 1 : -1);
            _waits = now;
        }
    }

    private LockWorld World => world;

    private LockMachine Owner => machine;
}
