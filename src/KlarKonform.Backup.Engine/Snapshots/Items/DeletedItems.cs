using System.Globalization;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Snapshots.Trees;
using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Engine.Snapshots.Items;

/// <summary>
/// Items that were deleted at the source and stay in the snapshots: below <c>.deleted/yyyy-MM</c>, the month in which they were found to
/// be gone, under the path that they had. When a month's retention is over it goes as one link, however much is in it. Guarded by its
/// store's lock.
/// </summary>
internal sealed class DeletedItems(WorkingTree content, TimeProvider time)
{
    /// <summary>The folder at a resource's root.</summary>
    public const string Folder = ".deleted";

    private const string MonthForm = "yyyy-MM";

    /// <summary>Items that were put here, in this run.</summary>
    public long Kept { get; private set; }

    /// <summary>Items whose retention is over, found in this run.</summary>
    public long Expired { get; private set; }

    /// <summary>Whether a name at a resource's root is taken by this folder.</summary>
    public static bool IsReserved(string name) => string.Equals(name, Folder, StringComparison.OrdinalIgnoreCase);

    /// <summary>Puts an item here.</summary>
    /// <param name="state">The resource's state: how many items a month holds.</param>
    /// <param name="path">The folder that it was in: names, and the metadata of those folders that have some.</param>
    /// <param name="id">Its id.</param>
    /// <param name="node">Its node.</param>
    /// <param name="loaded">What is loaded of a folder.</param>
    /// <param name="parts">Files that belong to it.</param>
    /// <param name="items">Items in it: one, unless it is a folder.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task PutAsync(ResourceState state, IReadOnlyList<(string Name, byte[]? Metadata)> path, string id, Node node, WorkingDirectory? loaded, IReadOnlyList<(string Suffix, Node Node)> parts, long items, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var month = now.ToString(MonthForm, CultureInfo.InvariantCulture);
        var target = await content.GetOrCreateAsync([Folder, month], cancellationToken).ConfigureAwait(false);
        foreach (var (name, above) in path)
            target = await EnterAsync(target, name, above, cancellationToken).ConfigureAwait(false);
        if (node.Attribute(ResourceStore.Attribute) is { } metadata)
            node = node with { ExtendedAttributes = [new ExtendedAttribute(ResourceStore.Attribute, ItemMetadata.WithDeleted(metadata, now))] };
        await MergeAsync(target, id, node, loaded, cancellationToken).ConfigureAwait(false);
        foreach (var (_, part) in parts)
            target.Set(part with { Name = Free(target, part.Name, id) });
        state.Deleted[month] = state.Deleted.GetValueOrDefault(month) + items;
        Kept += items;
    }

    /// <summary>Takes out the months that are over.</summary>
    public async Task ExpireAsync(ResourceState state, Func<string, bool> isOver, CancellationToken cancellationToken)
    {
        var over = state.Deleted.Keys.Where(isOver).ToArray();
        if (over.Length == 0 || await content.FindAsync([Folder], cancellationToken).ConfigureAwait(false) is not { } folder)
            return;
        foreach (var month in over)
        {
            folder.Remove(month);
            Expired += state.Deleted[month];
            state.Deleted.Remove(month);
        }

        if (folder.Count == 0)
            (await content.RootAsync(cancellationToken).ConfigureAwait(false)).Remove(Folder);
    }

    // The folder may live on elsewhere: what it is really called, only its metadata says.
    private async Task<WorkingDirectory> EnterAsync(WorkingDirectory parent, string name, byte[]? metadata, CancellationToken cancellationToken)
    {
        if (await content.OpenAsync(parent, name, cancellationToken).ConfigureAwait(false) is { } known)
            return known;
        var node = Node.NewDirectory(name, default, time.GetUtcNow());
        return parent.Create(metadata is null ? node : node with { ExtendedAttributes = [new ExtendedAttribute(ResourceStore.Attribute, metadata)] });
    }

    // A folder of this path may have been deleted before, in this month: then both are one.
    private async Task MergeAsync(WorkingDirectory target, string id, Node node, WorkingDirectory? loaded, CancellationToken cancellationToken)
    {
        if (target.Find(node.Name) is { IsDirectory: true } && node.IsDirectory
            && await content.OpenAsync(target, node.Name, cancellationToken).ConfigureAwait(false) is { } present)
        {
            // Attached under a name of its own for a moment, so that it can be opened like any other.
            var passing = node with { Name = Free(target, node.Name, id) };
            target.Attach(passing, loaded);
            if (await content.OpenAsync(target, passing.Name, cancellationToken).ConfigureAwait(false) is { } other)
            {
                foreach (var child in other.Nodes.ToArray())
                {
                    if (other.Detach(child.Name) is var (detached, below))
                        await MergeAsync(present, ItemMetadata.IdOf(detached) ?? id, detached, below, cancellationToken).ConfigureAwait(false);
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
