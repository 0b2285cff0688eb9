using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Repository.Writing;

/// <summary>Counts what a writer adds, and knows the contents of the trees that it wrote: about 70 bytes per tree. Thread-safe.</summary>
internal sealed class AddedBlobs
{
    private readonly Dictionary<BlobId, TreeTotals> _trees = [];
    private long _data;
    private long _tree;
    private long _bytes;

    /// <summary>Number of new data blobs.</summary>
    public long Data => Interlocked.Read(ref _data);

    /// <summary>Number of new tree blobs.</summary>
    public long Trees => Interlocked.Read(ref _tree);

    /// <summary>Their plain bytes.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Counts a new blob.</summary>
    public void Count(BlobKind kind, int plainLength)
    {
        Interlocked.Increment(ref kind == BlobKind.Tree ? ref _tree : ref _data);
        Interlocked.Add(ref _bytes, plainLength);
    }

    /// <summary>Records a saved tree. For a tree with a folder that this writer did not write, nothing is recorded.</summary>
    public void Remember(BlobId id, IEnumerable<Node> nodes)
    {
        var totals = default(TreeTotals);
        lock (_trees)
        {
            foreach (var node in nodes)
            {
                if (node.Type == NodeType.File)
                    totals += new TreeTotals(1, (long)node.Size, 0);
                if (node.Subtree is not { } subtree)
                    continue;
                if (!_trees.TryGetValue(subtree, out var below))
                    return;
                totals += below + new TreeTotals(0, 0, 1);
            }

            _trees[id] = totals;
        }
    }

    /// <summary>The totals of a saved tree.</summary>
    public bool TryGetTotals(BlobId tree, out TreeTotals totals)
    {
        lock (_trees)
            return _trees.TryGetValue(tree, out totals);
    }
}
