namespace KlarKonform.Backup.Graph.Governing;

/// <summary>
/// At most a number of units in any window of a given length. Counted in slices of the window, so that a day's quota takes no more memory
/// than a minute's; a slice counts until its end has left the window, which errs on the safe side. Not thread-safe.
/// </summary>
internal sealed class SlidingQuota(double units, TimeSpan window)
{
    private const int Slices = 60;

    private readonly double[] _used = new double[Slices + 1];
    private readonly TimeSpan _slice = window / Slices;
    private long _current = long.MinValue;
    private double _sum;

    public TimeSpan Window => window;

    /// <summary>The units per window; the server's own value replaces the documented one.</summary>
    public double Units { get; set; } = units;

    /// <summary>How long to wait until this many units are free; zero if they are free now.</summary>
    public TimeSpan TimeToWait(DateTimeOffset now, double cost)
    {
        Advance(now);

        // A request that costs more than the whole quota must pass in an empty window, or it would never pass.
        if (_sum + cost <= Units || _sum <= 0)
            return TimeSpan.Zero;
        var free = Units - _sum;
        for (var age = Slices; age >= 0; age--)
        {
            free += _used[Place(_current - age)];
            if (free >= cost || age == 0)
                return Start(_current - age + Slices + 1) - now;
        }

        return window;
    }

    /// <summary>Counts units.</summary>
    public void Take(DateTimeOffset now, double cost)
    {
        Advance(now);
        _used[Place(_current)] += cost;
        _sum += cost;
    }

    private static int Place(long slice) => (int)(((slice % (Slices + 1)) + Slices + 1) % (Slices + 1));

    private DateTimeOffset Start(long slice) => new(slice * _slice.Ticks, TimeSpan.Zero);

    private void Advance(DateTimeOffset now)
    {
        var slice = now.UtcTicks / _slice.Ticks;
        if (_current == long.MinValue || slice - _current > Slices)
        {
            Array.Clear(_used);
            (_sum, _current) = (0, slice);
            return;
        }

        for (; _current < slice; _current++)
        {
            var next = Place(_current + 1);
            _sum -= _used[next];
            _used[next] = 0;
        }
    }
}
