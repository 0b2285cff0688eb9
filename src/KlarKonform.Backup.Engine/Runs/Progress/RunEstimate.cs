namespace KlarKonform.Backup.Engine.Runs.Progress;

/// <summary>The rate of the last seconds, and a guess at the time that is left. Not thread-safe; one writer, any reader.</summary>
internal sealed class RunEstimate
{
    private const int Window = 10;

    // Before this nothing is said: the first guesses are always wrong.
    private const int MinDone = 3;
    private static readonly TimeSpan s_early = TimeSpan.FromSeconds(10);

    private readonly Queue<(TimeSpan At, long Bytes)> _recent = new();
    private double _rate;
    private long _remaining = -1;

    /// <summary>Bytes downloaded a second.</summary>
    public double BytesPerSecond => Volatile.Read(ref _rate);

    /// <summary>Time that is left, or null.</summary>
    public TimeSpan? Remaining => Volatile.Read(ref _remaining) is >= 0 and var ticks ? TimeSpan.FromTicks(ticks) : null;

    /// <summary>Takes note of how far the run is.</summary>
    /// <param name="elapsed">Since it began.</param>
    /// <param name="bytes">Bytes read.</param>
    /// <param name="done">Resources done.</param>
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
