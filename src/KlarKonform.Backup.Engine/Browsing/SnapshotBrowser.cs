using System.Runtime.CompilerServices;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Engine.Snapshots.Items;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Engine.Browsing;

/// <summary>
/// Reads the folders of a snapshot, one folder in memory at a time. A folder or an entry that cannot be read is returned as an entry with
/// its <see cref="SnapshotEntry.Fault"/>; everything else is returned normally. Thread-safe.
/// </summary>
internal sealed class SnapshotBrowser(RepositoryReader reader)
{
    /// <summary>The entries at the root.</summary>
    /// <exception cref="RepositoryException">The root itself is missing or damaged: nothing can be shown.</exception>
    public Task<IReadOnlyList<SnapshotEntry>> RootAsync(BlobId root, CancellationToken cancellationToken) =>
        ReadAsync(root, null, cancellationToken);

    /// <summary>The entries directly in a folder; the folder itself, with its fault, if it cannot be read.</summary>
    public async Task<IReadOnlyList<SnapshotEntry>> ChildrenAsync(SnapshotEntry folder, CancellationToken cancellationToken)
    {
        if (folder.Node.Subtree is not { } subtree)
            return [];
        try
        {
            return await ReadAsync(subtree, folder, cancellationToken);
        }
        catch (Exception exception) when (ItemWall.Holds(exception, cancellationToken))
        {
            return [new SnapshotEntry(folder.Parent, folder.Node) { Fault = exception }];
        }
    }

    /// <summary>An entry and everything below it, folders before their contents, including kept deleted items.</summary>
    public async IAsyncEnumerable<SnapshotEntry> WalkAsync(
        SnapshotEntry entry,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        yield return entry;
        if (entry.Fault is not null)
            yield break;

        // An explicit stack: folders may be nested more deeply than the call stack allows.
        var open = new Stack<IEnumerator<SnapshotEntry>>();
        open.Push((await ChildrenAsync(entry, cancellationToken)).GetEnumerator());
        while (open.TryPeek(out var level))
        {
            if (!level.MoveNext())
            {
                open.Pop().Dispose();
                continue;
            }

            var child = level.Current;
            yield return child;
            if (child is { Fault: null, Node.IsDirectory: true })
                open.Push((await ChildrenAsync(child, cancellationToken)).GetEnumerator());
        }
    }

    /// <summary>
    /// Whether an entry is a resource's folder of deleted items. A user's own folder of that name is never directly below a resource's
    /// root.
    /// </summary>
    public static bool IsDeletedFolder(SnapshotEntry entry) =>
        entry.Node.IsDirectory
        && entry.Node.Name == DeletedItems.Folder
        && entry.Depth == SnapshotLayout.ResourceDepth(entry.Chain()[0].Node.Name)
        && entry.Node.Attribute(ItemMetadata.Attribute) is null;

    private async Task<IReadOnlyList<SnapshotEntry>> ReadAsync(BlobId tree, SnapshotEntry? folder, CancellationToken cancellationToken)
    {
        var faults = new List<TreeFault>();
        var nodes = await reader.ReadTreeAsync(tree, faults, cancellationToken);
        var entries = nodes.Select(node => new SnapshotEntry(folder, node));
        return [.. entries.Concat(faults.Select(fault => Unreadable(folder, fault)))];
    }

    /// <summary>A name for an unreadable entry.</summary>
    public static string NameOf(TreeFault fault) => fault.Name.Length > 0 ? fault.Name : "?";

    // It has neither content nor kind; at most its name is left.
    private static SnapshotEntry Unreadable(SnapshotEntry? folder, TreeFault fault) =>
        new(folder, new Node { Name = NameOf(fault), Type = "" })
        {
            Fault = new RepositoryException(RepositoryErrorKind.Damaged, fault.Reason),
        };
}
