using KlarKonform.Backup.Engine.Snapshots.Trees;

namespace KlarKonform.Backup.Engine.Snapshots.Items;

/// <summary>
/// What a <see cref="ResourceStore"/> consists of: two trees, the index of the items, and the state. Used under its lock.
/// </summary>
internal sealed class ResourceTrees
{
    public ResourceTrees(WorkingTree content, WorkingTree stateTree, ResourceState state, Func<int> maxLoaded)
    {
        Content = content;
        StateTree = stateTree;
        State = state;
        Index = new ItemIndex(stateTree, () => MemoryTrim.LeavesOf(maxLoaded()));
        Places = new ItemPlaces(Index, content, () => State.RootId);
    }

    /// <summary>The items' files.</summary>
    public WorkingTree Content { get; }

    /// <summary>The index's leaves, and what else the next run needs.</summary>
    public WorkingTree StateTree { get; }

    /// <summary>Which items there are.</summary>
    public ItemIndex Index { get; }

    /// <summary>Where they are.</summary>
    public ItemPlaces Places { get; }

    /// <summary>Cursors, counts and unfinished work.</summary>
    public ResourceState State { get; private set; }

    /// <summary>Counts an item that came into its folder, or left it.</summary>
    public void Count(ItemEntry entry, int change)
    {
        if (entry.IsFolder)
            return;
        State.Items += change;
        if (State.Folders.TryGetValue(entry.Parent, out var folder))
            folder.Count += change;
    }

    /// <summary>Releases the state's memory.</summary>
    public void Release() => State = new ResourceState();
}
