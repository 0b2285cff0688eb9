namespace KlarKonform.Backup.Engine.Runs.Progress;

/// <summary>The rate over the last seconds, and an estimate of the time remaining. Not thread-safe; one writer, any reader.</summary>
internal sealed class RunEstimate
{
    private const int Window = 10;

    // Below this no estimate is given: the first ones are always wrong.
    private const int MinDone = 3;
    private static readonly TimeSpan s_early = TimeSpan.FromSeconds(10);

    private readonly Queue<(TimeSpan At, long Bytes)> _recent = new();
    private double _rate;
    private long _remaining = -1;

    /// <summary>Bytes downloaded per second.</summary>
    public double BytesPerSecond => Volatile.Read(ref _rate);

    /// <summary>Estimated time remaining, or null.</summary>
    public TimeSpan? Remaining => Volatile.Read(ref _remaining) is >= 0 and var ticks ? TimeSpan.FromTicks(ticks) : null;

    /// <summary>Records how far the run has come.</summary>
    /// <param name="elapsed">Time since it began.</param>
    /// <param name="bytes">Bytes read.</param>
    /// <param name="done">Resources finished.</param>
    /// <param name="total">All resources.</param>
    public void Add(TimeSpan elapsed, long bytes, int done, int total)
    {
        _recent.Enqueue((elapsed, bytes));
        while (_recent.Count > Window)
            _recent.Dequeue();
        var (at, before) = _recent.Peek();
        Volatile.Write(ref _rate, elapsed > at ? (bytes - before) / (elapsed - at).TotalSeconds : 0);
        Volatile.Write(ref _remaining, elapsed < s_early || done < MinDone || total == 0 ? -1 : (elapsed * (total - done) / done).Ticks);
    }
}
