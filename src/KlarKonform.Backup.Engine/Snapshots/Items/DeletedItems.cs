using System.Globalization;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Snapshots.Trees;
using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Engine.Snapshots.Items;

/// <summary>
/// Items that were deleted at the source and stay in the snapshots: below <c>.deleted/yyyy-MM</c>, the month in which their deletion was
/// noticed, under their former path. When a month's retention expires it is removed as one link, however much it contains. Guarded by its
/// store's lock.
/// </summary>
internal sealed class DeletedItems(WorkingTree content, TimeProvider time)
{
    /// <summary>The folder at a resource's root.</summary>
    public const string Folder = ".deleted";

    private const string MonthForm = "yyyy-MM";

    /// <summary>Number of items that were put here in this run.</summary>
    public long Kept { get; private set; }

    /// <summary>Number of items found to have expired in this run.</summary>
    public long Expired { get; private set; }

    /// <summary>Whether a name at a resource's root is reserved for this folder.</summary>
    public static bool IsReserved(string name) => string.Equals(name, Folder, StringComparison.OrdinalIgnoreCase);

    /// <summary>Puts an item here.</summary>
    /// <param name="state">The resource's state: how many items each month has.</param>
    /// <param name="path">The folder that it was in: names, and the metadata of the folders that have any.</param>
    /// <param name="id">Its id.</param>
    /// <param name="node">Its node.</param>
    /// <param name="loaded">The loaded part, if it is a folder.</param>
    /// <param name="parts">Files that belong to it.</param>
    /// <param name="items">Number of items in it: one, unless it is a folder.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task PutAsync(
        ResourceState state,
        IReadOnlyList<(string Name, byte[]? Metadata)> path,
        string id,
        Node node,
        WorkingDirectory? loaded,
        IReadOnlyList<(string Suffix, Node Node)> parts,
        long items,
        CancellationToken cancellationToken
    )
    {
        var now = time.GetUtcNow();
        var month = now.ToString(MonthForm, CultureInfo.InvariantCulture);
        var target = await content.GetOrCreateAsync([Folder, month], cancellationToken);
        foreach (var (name, above) in path)
            target = await EnterAsync(target, name, above, cancellationToken);
        if (node.Attribute(ItemMetadata.Attribute) is { } metadata)
            node = node with
            {
                ExtendedAttributes = [new ExtendedAttribute(ItemMetadata.Attribute, ItemMetadata.WithDeleted(metadata, now))],
            };
        await MergeAsync(target, id, node, loaded, cancellationToken);
        foreach (var (_, part) in parts)
            target.Set(part with { Name = Free(target, part.Name, id) });
        state.Deleted[month] = state.Deleted.GetValueOrDefault(month) + items;
        Kept += items;
    }

    /// <summary>Removes expired months.</summary>
    public async Task ExpireAsync(ResourceState state, Func<string, bool> isOver, CancellationToken cancellationToken)
    {
        var over = state.Deleted.Keys.Where(isOver).ToArray();
        if (over.Length == 0 || await content.FindAsync([Folder], cancellationToken) is not { } folder)
            return;
        foreach (var month in over)
        {
            folder.Remove(month);
            Expired += state.Deleted[month];
            state.Deleted.Remove(month);
        }

        if (folder.Count == 0)
            (await content.RootAsync(cancellationToken)).Remove(Folder);
    }

    // The folder may still exist elsewhere: only its metadata has its real name.
    private async Task<WorkingDirectory> EnterAsync(
        WorkingDirectory parent,
        string name,
        byte[]? metadata,
        CancellationToken cancellationToken
    )
    {
        if (await content.OpenAsync(parent, name, cancellationToken) is { } known)
            return known;
        var node = Node.NewDirectory(name, default, time.GetUtcNow());
        return parent.Create(
            metadata is null ? node : node with { ExtendedAttributes = [new ExtendedAttribute(ItemMetadata.Attribute, metadata)] }
        );
    }

    // A folder of this path may have been deleted before in this month: then the two are merged.
    private async Task MergeAsync(
        WorkingDirectory target,
        string id,
        Node node,
        WorkingDirectory? loaded,
        CancellationToken cancellationToken
    )
    {
        if (
            target.Find(node.Name) is { IsDirectory: true }
            && node.IsDirectory
            && await content.OpenAsync(target, node.Name, cancellationToken) is { } present
        )
        {
            // Attached temporarily under a name of its own, so that it can be opened like any other.
            var passing = node with
            {
                Name = Free(target, node.Name, id),
            };
            target.Attach(passing, loaded);
            if (await content.OpenAsync(target, passing.Name, cancellationToken) is { } other)
            {
                foreach (var child in other.Nodes.ToArray())
                {
                    if (other.Detach(child.Name) is var (detached, below))
                        await MergeAsync(present, ItemMetadata.IdOf(detached) ?? id, detached, below, cancellationToken);
                }
            }

            target.Remove(passing.Name);
            return;
        }

        target.Attach(node with { Name = Free(target, node.Name, id) }, loaded);
    }

    private static string Free(WorkingDirectory target, string name, string id)
    {
        if (target.IsFree(name))
            return name;
        var marked = SafeName.WithMark(name, id);
        for (var number = 2; !target.IsFree(marked); number++)
            marked = SafeName.WithMark(name, string.Create(CultureInfo.InvariantCulture, $"{id}/{number}"));
        return marked;
    }
}
