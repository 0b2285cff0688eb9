namespace KlarKonform.Backup.Engine.Snapshots.Items;

/// <summary>Saves and unloads what a resource has in memory once it is too much. Used under the store's lock.</summary>
/// <param name="trees">The resource.</param>
/// <param name="maxLoaded">Most nodes to keep in memory.</param>
internal sealed class MemoryTrim(ResourceTrees trees, Func<int> maxLoaded)
{
    private const int CountEvery = 64;

    // A waiting index entry is bytes, a node many objects. Each merge rewrites most leaves of a large index: the fewer merges the better.
    private const int EntriesANode = 12;

    // In proportion to the memory that they use.
    private const int NodesALeaf = 40;

    private int _sinceTrim;

    /// <summary>How many leaves of the index may be in memory beside so many nodes.</summary>
    public static int LeavesOf(int nodes) => nodes / NodesALeaf;

    /// <summary>Something was loaded or changed.</summary>
    public async Task NoteAsync(CancellationToken cancellationToken)
    {
        // Counting walks through everything loaded: not for every item.
        if (++_sinceTrim < CountEvery)
            return;
        _sinceTrim = 0;
        var limit = maxLoaded();
        if (trees.Content.LoadedCount > limit)
            await trees.Content.SaveAsync(cancellationToken);
        if (trees.Index.Pending > EntriesANode * limit)
        {
            await trees.Index.SaveAsync(cancellationToken);
            await trees.StateTree.SaveAsync(cancellationToken);
        }
    }
}
