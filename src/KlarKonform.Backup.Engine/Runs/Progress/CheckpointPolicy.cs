namespace KlarKonform.Backup.Engine.Runs.Progress;

/// <summary>
/// When a run should save a checkpoint: as often as it costs little. What a killed run repeats is kept below about a hundredth of what it
/// read; what checkpoints write is kept below a tenth of it. Not thread-safe.
/// </summary>
internal sealed class CheckpointPolicy
{
    /// <summary>What an item counts in addition to its content: its request, its entry in the index, its node.</summary>
    public const long ItemWork = 2 << 10;

    // At least this much work between two checkpoints: a small run finishes before it is worth one.
    private const long MinWork = 256 << 10;

    // At most this much, however much was read already.
    private const long MaxWork = 2L << 30;

    // On average a killed run repeats half of the work between two checkpoints.
    private const double ShareOfAll = 0.008;

    // What a checkpoint writes is trees and index, several times what the work since then changed.
    private const int CostFactor = 10;

    // Not more often, however fast the run is: each checkpoint is several requests to the storage.
    private static readonly TimeSpan s_shortest = TimeSpan.FromMilliseconds(750);

    // Not less often, however little was read: a throttled mailbox may have made even that slow.
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(5);

    private long _saved;
    private long _cost;
    private TimeSpan _took;

    /// <summary>Whether a checkpoint is due.</summary>
    /// <param name="work">Bytes of work that the run has done.</param>
    /// <param name="since">Time since the last checkpoint, or since the run began.</param>
    public bool IsDue(long work, TimeSpan since)
    {
        var done = work - _saved;
        if (done <= 0)
            return false;
        if (since >= s_longest)
            return true;
        var enough = Math.Min(MaxWork, Math.Max(MinWork, Math.Max((long)(work * ShareOfAll), _cost * CostFactor)));
        return done >= enough && since >= s_shortest && since >= 2 * _took;
    }

    /// <summary>Records that a checkpoint was saved.</summary>
    /// <param name="work">The work at the time when it began.</param>
    /// <param name="cost">Bytes of trees and index that it wrote.</param>
    /// <param name="took">How long it took.</param>
    public void Saved(long work, long cost, TimeSpan took) => (_saved, _cost, _took) = (work, cost, took);
}
