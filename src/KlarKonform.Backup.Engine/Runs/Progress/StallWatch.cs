namespace KlarKonform.Backup.Engine.Runs.Progress;

/// <summary>
/// Tells a run that works, however slowly, from one in which nothing moves any more: no answer of Graph, no byte to or from the storage,
/// no item, no resource, no phase. What nobody can end from here, a folder on a dead network share, a vault that waits for a password, is
/// named at least. <see cref="Moved"/> is thread-safe; the rest belongs to the monitor.
/// </summary>
internal sealed class StallWatch(RunProgress record, TimeProvider time)
{
    /// <summary>After so long without any movement a run is said to stand still. Every wait that has a limit ends or is repeated earlier.</summary>
    public static readonly TimeSpan After = TimeSpan.FromMinutes(30);

    // A computer that slept has not stood still.
    private static readonly TimeSpan s_longestTick = TimeSpan.FromMinutes(1);

    // Shorter waits are everyday.
    private static readonly TimeSpan s_worthNaming = TimeSpan.FromSeconds(5);

    private long _moves;
    private (long Moves, long Items, long Bytes, int Done, string? Phase) _last;
    private long _looked = time.GetTimestamp();
    private TimeSpan _still;
    private DateTimeOffset _moved = time.GetUtcNow();

    /// <summary>Until when requests wait because Microsoft asked for it; null where nobody waits.</summary>
    public Func<DateTimeOffset?>? Waits { get; set; }

    /// <summary>Since when nothing has moved; null while something does.</summary>
    public DateTimeOffset? StalledSince { get; private set; }

    /// <summary>Until when the run waits because Microsoft asked for it; null while it goes on.</summary>
    public DateTimeOffset? WaitsUntil { get; private set; }

    /// <summary>Something moved.</summary>
    public void Moved() => Interlocked.Increment(ref _moves);

    /// <summary>Looks at the run, about once a second.</summary>
    /// <returns>True when it begins to stand still, false when it goes on again, else null.</returns>
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
            // Standing still begins anew when the wait is over.
            (_still, _moved) = (s_worthNaming, now);
            return null;
        }

        if (StalledSince is not null || _still < After)
            return null;
        StalledSince = _moved;
        return true;
    }
}
