using System.IO.Enumeration;
using System.Runtime.CompilerServices;
using KlarKonform.Backup.Engine.Runs.Checkpoints;
using KlarKonform.Backup.Engine.State;
using KlarKonform.Backup.Repository;
using KlarKonform.Backup.Repository.Reading;

namespace KlarKonform.Backup.Engine.Browsing;

/// <summary>Finds and lists what a snapshot holds; a folder in memory at a time. Thread-safe.</summary>
internal sealed class SnapshotBrowser(RepositoryReader reader)
{
    /// <summary>The entries that a path names. Wildcards match within one level, and a name matches as it is before it matches as a pattern: subjects hold brackets and stars.</summary>
    public IAsyncEnumerable<SnapshotEntry> FindAsync(BlobId root, string path, CancellationToken cancellationToken) =>
        FindAsync(root, path.Split('/', StringSplitOptions.RemoveEmptyEntries), null, cancellationToken);

    /// <summary>What is directly in a folder.</summary>
    public async Task<IReadOnlyList<SnapshotEntry>> ChildrenAsync(SnapshotEntry folder, CancellationToken cancellationToken) =>
        folder.Node.Subtree is { } subtree ? [.. (await reader.ReadTreeAsync(subtree, cancellationToken).ConfigureAwait(false)).Select(node => new SnapshotEntry(folder, node))] : [];

    /// <summary>An entry and all below it, folders before what is in them.</summary>
    /// <param name="entry">Where to begin.</param>
    /// <param name="includeDeleted">Whether deleted items that are kept come too, where the beginning is not among them.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async IAsyncEnumerable<SnapshotEntry> WalkAsync(SnapshotEntry entry, bool includeDeleted, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return entry;

        // A stack of its own: folders may be nested more deeply than calls.
        var open = new Stack<IEnumerator<SnapshotEntry>>();
        open.Push((await ChildrenAsync(entry, cancellationToken).ConfigureAwait(false)).GetEnumerator());
        while (open.TryPeek(out var level))
        {
            if (!level.MoveNext())
            {
                open.Pop().Dispose();
                continue;
            }

            var child = level.Current;
            if (!includeDeleted && IsDeletedFolder(child))
                continue;
            yield return child;
            if (child.Node.IsDirectory)
                open.Push((await ChildrenAsync(child, cancellationToken).ConfigureAwait(false)).GetEnumerator());
        }
    }

    /// <summary>Whether an entry is a resource's folder of deleted items. A user's own folder of that name never lies at a resource's root.</summary>
    public static bool IsDeletedFolder(SnapshotEntry entry) =>
        entry.Node.IsDirectory && entry.Node.Name == DeletedItems.Folder && entry.Depth == ResourceDepth(entry) && ItemMetadata.Read(entry.Node) is null;

    // /Exchange/<mailbox>/Mail, /OneDrive/<user>, /SharePoint/<site>, /Directory.
    private static int ResourceDepth(SnapshotEntry entry) => entry.Chain()[0].Node.Name switch { "Exchange" => 3, "Directory" => 1, _ => 2 };

    private async IAsyncEnumerable<SnapshotEntry> FindAsync(BlobId tree, string[] parts, SnapshotEntry? parent, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var nodes = await reader.ReadTreeAsync(tree, cancellationToken).ConfigureAwait(false);
        var depth = parent is null ? 0 : parent.Depth + 1;
        var wanted = parts.Length == 0 ? "*" : parts[depth];
        var exact = nodes.Where(node => node.Name == wanted).ToArray();
        foreach (var node in exact.Length > 0 ? exact : nodes.Where(node => FileSystemName.MatchesSimpleExpression(wanted, node.Name)))
        {
            var here = new SnapshotEntry(parent, node);
            if (depth == 0 && node.Name == SnapshotAssembler.StateFolder && exact.Length == 0)
                continue; // Our own state is no user's data; it comes only when it is named.
            if (depth >= parts.Length - 1)
            {
                yield return here;
            }
            else if (node.Subtree is { } subtree)
            {
                await foreach (var found in FindAsync(subtree, parts, here, cancellationToken).ConfigureAwait(false))
                    yield return found;
            }
        }
    }
}
