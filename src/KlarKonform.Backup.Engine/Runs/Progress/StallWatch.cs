namespace KlarKonform.Backup.Engine.Runs.Progress;

/// <summary>
/// Distinguishes a run that works, however slowly, from one in which nothing moves any more: no response from Graph, no byte to or from the
/// storage, no item, no resource, no phase. What cannot be ended from here, such as a folder on a dead network share or a vault that waits
/// for a password, is at least reported. <see cref="Moved"/> is thread-safe; the rest belongs to the monitor.
/// </summary>
internal sealed class StallWatch(RunProgress record, TimeProvider time)
{
    /// <summary>
    /// After this time without any movement a run counts as stalled. Every wait that has a limit ends or is repeated earlier.
    /// </summary>
    public static readonly TimeSpan After = TimeSpan.FromMinutes(30);

    // A computer that slept is not a stalled run.
    private static readonly TimeSpan s_longestTick = TimeSpan.FromMinutes(1);

    // Shorter waits are routine.
    private static readonly TimeSpan s_worthNaming = TimeSpan.FromSeconds(5);

    private long _moves;
    private (long Moves, long Items, long Bytes, int Done, string? Phase) _last;
    private long _looked = time.GetTimestamp();
    private TimeSpan _still;
    private DateTimeOffset _moved = time.GetUtcNow();

    /// <summary>Until when requests wait because Microsoft asked for it; null if none waits.</summary>
    public Func<DateTimeOffset?>? Waits { get; set; }

    /// <summary>Since when nothing has moved; null while something does.</summary>
    public DateTimeOffset? StalledSince { get; private set; }

    /// <summary>Until when the run waits because Microsoft asked for it; null while it is not waiting.</summary>
    public DateTimeOffset? WaitsUntil { get; private set; }

    /// <summary>Something moved.</summary>
    public void Moved() => Interlocked.Increment(ref _moves);

    /// <summary>Checks the run, about once a second.</summary>
    /// <returns>True when it stalls, false when it continues, otherwise null.</returns>
    public bool? Look(string? phase)
    {
        var now = time.GetUtcNow();
        var looked = time.GetTimestamp();
        var tick = time.GetElapsedTime(_looked, looked);
        _looked = looked;
        var state = (Interlocked.Read(ref _moves), record.Items, record.Bytes, record.Done, phase);
        if (state != _last)
        {
            (_last, _still, _moved, WaitsUntil) = (state, TimeSpan.Zero, now, null);
            if (StalledSince is null)
                return null;
            StalledSince = null;
            return false;
        }

        _still += tick < s_longestTick ? tick : s_longestTick;
        var wait = _still >= s_worthNaming && Waits?.Invoke() is { } until && until > now ? until : (DateTimeOffset?)null;
        WaitsUntil = wait - now >= s_worthNaming || WaitsUntil is not null ? wait : null;
        if (WaitsUntil is not null)
        {
            // The stall time starts again when the wait is over.
            (_still, _moved) = (s_worthNaming, now);
            return null;
        }

        if (StalledSince is not null || _still < After)
            return null;
        StalledSince = _moved;
        return true;
    }
}
