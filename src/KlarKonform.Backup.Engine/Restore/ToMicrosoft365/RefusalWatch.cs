using KlarKonform.Backup.Graph;

namespace KlarKonform.Backup.Engine.Restore.ToMicrosoft365;

/// <summary>
/// Distinguishes the refusal of one item from the refusal of all items of a resource: several in a row without a success in between are the
/// latter, and the rest need not be tried. Thread-safe.
/// </summary>
internal sealed class RefusalWatch
{
    private const int Patience = 5;

    private readonly object _gate = new();
    private readonly List<RestoredItem> _held = [];
    private GraphException? _last;
    private long _restored;
    private bool _any;

    /// <summary>Items that were restored.</summary>
    public long Restored => Interlocked.Read(ref _restored);

    /// <summary>Records an item's result.</summary>
    /// <param name="row">The result.</param>
    /// <param name="refusal">Why it was refused, if the same reason might apply to every item; otherwise null.</param>
    /// <returns>The rows to report now: a refusal is held back until the next success.</returns>
    /// <exception cref="GraphException">Everything is refused.</exception>
    public IReadOnlyList<RestoredItem> Take(RestoredItem row, GraphException? refusal)
    {
        lock (_gate)
        {
            if (refusal is not null)
            {
                _held.Add(row);
                _last = refusal;
                return _held.Count < Patience ? [] : throw refusal;
            }

            _any |= row.Status != RestoreOutcomes.Failed;
            if (row.Status != RestoreOutcomes.Restored)
                return [row];
            _restored++;
            return [.. Release(), row];
        }
    }

    /// <summary>The remaining refusals that no result followed.</summary>
    /// <exception cref="GraphException">Not a single item was accepted.</exception>
    public IReadOnlyList<RestoredItem> End()
    {
        lock (_gate)
            return _last is null || _held.Count == 0 || _any ? Release() : throw _last;
    }

    /// <summary>Whether a refusal might apply to every item.</summary>
    public static bool IsOfAll(GraphException exception) =>
        exception.Kind
            is GraphErrorKind.AccessDenied
                or GraphErrorKind.ResourceGone
                or GraphErrorKind.NotProvisioned
                or GraphErrorKind.Locked
        || exception is { Kind: GraphErrorKind.Unreachable, Status: null };

    /// <summary>Whether the target is full.</summary>
    public static bool IsFull(GraphException exception) =>
        exception.Kind == GraphErrorKind.QuotaExceeded
        || exception.Code is "quotaLimitReached" or "insufficientStorage"
        || (int?)exception.Status == 507;

    private RestoredItem[] Release()
    {
        var rows = _held.ToArray();
        _held.Clear();
        return rows;
    }
}
