using System.Buffers;
using System.Collections.Concurrent;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Trees;
using KlarKonform.Backup.Repository.Writing;

namespace KlarKonform.Backup.Engine.Runs.Verification;

/// <summary>
/// Counts how two trees differ, at a cost in proportion to what changed: equal trees are not entered, nor is what the writer wrote itself.
/// A folder that only moved is neither new nor gone. Used once.
/// </summary>
/// <param name="reader">Reads trees, including those not flushed yet.</param>
/// <param name="writer">Knows the contents of its own trees.</param>
/// <param name="apart">Trees that are counted elsewhere, with everything below them.</param>
internal sealed class SnapshotComparison(RepositoryReader reader, RepositoryWriter writer, IReadOnlySet<BlobId> apart)
{
    // How many pairs of trees are in memory at a time.
    private const int AtOnce = 4;

    private readonly object _gate = new();
    private SnapshotCounts _counts;
    private ConcurrentBag<(BlobId Before, BlobId Now)> _pairs = [];
    private ConcurrentBag<BlobId> _new = [];
    private ConcurrentBag<BlobId> _gone = [];

    /// <summary>Compares what is below two trees.</summary>
    /// <param name="before">The older one, or null for nothing.</param>
    /// <param name="now">The newer one, or null for nothing.</param>
    /// <param name="cancellationToken">Cancels the comparison.</param>
    /// <exception cref="RepositoryException">A tree cannot be read.</exception>
    public async Task<SnapshotCounts> RunAsync(BlobId? before, BlobId? now, CancellationToken cancellationToken)
    {
        if (before is { } old && now is { } young)
            Pair(old, young);
        else if (now is { } created)
            AddNew(created);
        else if (before is { } removed)
            _gone.Add(removed);
        while (!_pairs.IsEmpty)
        {
            var pairs = Take(ref _pairs);
            await ForEachAsync(
                pairs,
                async (pair, token) => Compare(await reader.ReadTreeAsync(pair.Before, token), await reader.ReadTreeAsync(pair.Now, token)),
                cancellationToken
            );
        }

        // Everything that has a counterpart by its path is compared; the rest is new, gone, or both at different paths.
        while (!_new.IsEmpty || !_gone.IsEmpty)
        {
            var (came, went) = (Take(ref _new), Take(ref _gone));
            Cancel(came, went);
            await ForEachAsync(
                came,
                async (tree, token) =>
                {
                    if (writer.TryGetTotals(tree, out var totals))
                        Count(new SnapshotCounts(totals.Files, 0, totals.Folders, 0, totals));
                    else
                        Compare([], await reader.ReadTreeAsync(tree, token));
                },
                cancellationToken
            );
            await ForEachAsync(went, async (tree, token) => Compare(await reader.ReadTreeAsync(tree, token), []), cancellationToken);
        }

        return _counts;
    }

    private static Task ForEachAsync<T>(
        IEnumerable<T> each,
        Func<T, CancellationToken, ValueTask> act,
        CancellationToken cancellationToken
    ) => Parallel.ForEachAsync(each, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken }, act);

    private static List<T> Take<T>(ref ConcurrentBag<T> bag)
    {
        List<T> taken = [.. bag];
        bag = [];
        return taken;
    }

    // The folders' own nodes were counted where they were found.
    private void Cancel(List<BlobId> came, List<BlobId> went)
    {
        var left = went.GroupBy(tree => tree).ToDictionary(group => group.Key, group => group.Count());
        var moved = came.RemoveAll(tree => left.TryGetValue(tree, out var count) && count > 0 && --left[tree] >= 0);
        went.Clear();
        went.AddRange(left.SelectMany(pair => Enumerable.Repeat(pair.Key, pair.Value)));
        Count(new SnapshotCounts(0, 0, -moved, 0, default));
    }

    private void Compare(List<Node> before, List<Node> now)
    {
        var old = new Dictionary<string, Node>(before.Count);
        foreach (var node in before)
            old[node.Name] = node;
        var counts = default(SnapshotCounts);
        foreach (var node in now)
        {
            if (old.Remove(node.Name, out var same) && same.IsDirectory == node.IsDirectory)
                counts += Compare(same, node);
            else
                counts = counts + Came(node) - (same is null ? default : Went(same));
        }

        Count(old.Values.Aggregate(counts, (all, node) => all - Went(node)));
    }

    private SnapshotCounts Compare(Node before, Node now)
    {
        var isChanged = before.Subtree != now.Subtree || !IsSame(before, now);
        if (before.Subtree is { } old && now.Subtree is { } young && old != young)
            Pair(old, young);
        return (now.Type == NodeType.File, isChanged) switch
        {
            (true, true) => new SnapshotCounts(0, 1, 0, 0, new TreeTotals(0, (long)now.Size - (long)before.Size, 0)),
            (false, true) when now.IsDirectory => new SnapshotCounts(0, 0, 0, 1, default),
            _ => default,
        };
    }

    private SnapshotCounts Came(Node node)
    {
        if (node.Subtree is { } tree)
            AddNew(tree);
        return node.IsDirectory ? new SnapshotCounts(0, 0, 1, 0, new TreeTotals(0, 0, 1))
            : node.Type == NodeType.File ? new SnapshotCounts(1, 0, 0, 0, new TreeTotals(1, (long)node.Size, 0))
            : default;
    }

    // To be subtracted: only the totals, because a node that is gone does not make fewer new ones.
    private SnapshotCounts Went(Node node)
    {
        if (node.Subtree is { } tree)
            _gone.Add(tree);
        return node.IsDirectory ? new SnapshotCounts(0, 0, 0, 0, new TreeTotals(0, 0, 1))
            : node.Type == NodeType.File ? new SnapshotCounts(0, 0, 0, 0, new TreeTotals(1, (long)node.Size, 0))
            : default;
    }

    private void Pair(BlobId before, BlobId now)
    {
        if (before != now && !apart.Contains(now))
            _pairs.Add((before, now));
    }

    private void AddNew(BlobId tree)
    {
        if (!apart.Contains(tree))
            _new.Add(tree);
    }

    private void Count(SnapshotCounts counts)
    {
        lock (_gate)
            _counts += counts;
    }

    private static bool IsSame(Node before, Node now)
    {
        var (first, second) = (new ArrayBufferWriter<byte>(512), new ArrayBufferWriter<byte>(512));
        TreeJson.Write(first, [before with { Subtree = null }]);
        TreeJson.Write(second, [now with { Subtree = null }]);
        return first.WrittenSpan.SequenceEqual(second.WrittenSpan);
    }
}
