using System.Collections.Concurrent;
using System.IO.Enumeration;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using KlarKonform.Backup.Engine.Runs;
using KlarKonform.Backup.Engine.Runs.Checkpoints;
using KlarKonform.Backup.Repository;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Restoring;
using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Engine.Restore;

/// <summary>Restores files of a snapshot to a folder, each under its name in the end only when every byte of it was authenticated.</summary>
internal sealed class FolderRestorer(RepositorySession session)
{
    // Enough that neighbours in a pack meet, few enough to hold in memory.
    private const int FilesAtATime = 10_000;

    private readonly RepositoryReader _reader = new(session.Repository, treeCache: session.TreeCache);
    private readonly FileRestorer _files = new(session.Repository, Environment.ProcessorCount + 1);

    public async IAsyncEnumerable<RestoredItem> RestoreAsync(BlobId root, string snapshot, RestoreRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var parts = request.Path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var any = false;
        var batch = new List<(string Path, FileToRestore File)>();

        // A pattern may name two users' files of one name: the second must not replace the first, even with -Force.
        var taken = new HashSet<string>(OperatingSystem.IsLinux() ? StringComparer.Ordinal : StringComparer.OrdinalIgnoreCase);
        await foreach (var (path, node) in FindAsync(root, parts, 0, "", cancellationToken).ConfigureAwait(false))
        {
            any = true;
            await foreach (var (file, item) in WalkAsync(node, path, request.Destination, request.Force, cancellationToken).ConfigureAwait(false))
            {
                if (!taken.Add(item.File) || file is null)
                {
                    yield return item with { Status = "Skipped" };
                    continue;
                }

                batch.Add((item.Path, file));
                if (batch.Count < FilesAtATime)
                    continue;
                await foreach (var restored in WriteAsync(batch, cancellationToken).ConfigureAwait(false))
                    yield return restored;
                batch.Clear();
            }
        }

        await foreach (var restored in WriteAsync(batch, cancellationToken).ConfigureAwait(false))
            yield return restored;
        if (!any)
            throw new BackupException("PathNotFound", BackupErrorCategory.ObjectNotFound, request.Path, request.Path, snapshot[..8]);
    }

    // A name matches as it is before it matches as a pattern: subjects hold brackets and stars.
    private async IAsyncEnumerable<(string Path, Node Node)> FindAsync(BlobId tree, string[] parts, int depth, string path, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var nodes = await _reader.ReadTreeAsync(tree, cancellationToken).ConfigureAwait(false);
        var wanted = parts.Length == 0 ? "*" : parts[depth];
        var exact = nodes.Where(node => node.Name == wanted).ToArray();
        foreach (var node in exact.Length > 0 ? exact : nodes.Where(node => FileSystemName.MatchesSimpleExpression(wanted, node.Name)))
        {
            var here = $"{path}/{node.Name}";
            if (here == "/" + SnapshotAssembler.StateFolder && parts.Length == 0)
                continue; // Our own state is no user's data; it is restored only when it is named.
            if (depth >= parts.Length - 1)
            {
                yield return (here, node);
            }
            else if (node.Subtree is { } subtree)
            {
                await foreach (var found in FindAsync(subtree, parts, depth + 1, here, cancellationToken).ConfigureAwait(false))
                    yield return found;
            }
        }
    }

    // Folders are made and files listed; a file that is to be left alone comes without a FileToRestore.
    private async IAsyncEnumerable<(FileToRestore? File, RestoredItem Item)> WalkAsync(Node node, string path, string folder, bool force, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Other programs may have written the snapshot; a name must not lead elsewhere.
        if (node.Name is "" or "." or ".." || node.Name.IndexOfAny(['/', '\\', '\0']) >= 0)
            throw new BackupException("UnsafeName", BackupErrorCategory.SecurityError, path, node.Name);
        var target = Path.Combine(folder, node.Name);
        if (node.Subtree is { } subtree)
        {
            Guarded(target, () => Directory.CreateDirectory(target));
            foreach (var child in await _reader.ReadTreeAsync(subtree, cancellationToken).ConfigureAwait(false))
            {
                await foreach (var found in WalkAsync(child, $"{path}/{child.Name}", target, force, cancellationToken).ConfigureAwait(false))
                    yield return found;
            }
        }
        else if (node.Type == NodeType.File)
        {
            Guarded(target, () => Directory.CreateDirectory(folder));
            if (File.Exists(target) && !force)
                yield return (null, new RestoredItem(path, target, (long)node.Size, "Skipped"));
            else
                yield return (new FileToRestore(node, target, force), new RestoredItem(path, target, (long)node.Size, "Restored"));
        }
    }

    /// <summary>Restores a batch in the storage's order and returns it in its own. What can be restored is, before a failure is reported.</summary>
    private async IAsyncEnumerable<RestoredItem> WriteAsync(List<(string Path, FileToRestore File)> batch, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var failures = new ConcurrentDictionary<FileToRestore, Exception>();
        await _files.RestoreAsync([.. batch.Select(item => item.File)], (file, failure) =>
        {
            if (failure is not null)
                failures[file] = failure;
        }, cancellationToken).ConfigureAwait(false);
        foreach (var (path, file) in batch.Where(item => !failures.ContainsKey(item.File)))
            yield return new RestoredItem(path, file.Path, (long)file.Node.Size, "Restored");
        if (batch.Select(item => item.File).FirstOrDefault(failures.ContainsKey) is not { } first)
            yield break;
        if (failures[first] is IOException or UnauthorizedAccessException)
            throw new BackupException("DestinationUnwritable", BackupErrorCategory.PermissionDenied, first.Path, first.Path, failures[first].Message);
        ExceptionDispatchInfo.Throw(failures[first]);
    }

    private static void Guarded(string path, Action action)
    {
        try
        {
            action();
        }
        catch (Exception exception) when (exception is DirectoryNotFoundException)
        {
            // Nothing was written there.
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new BackupException("DestinationUnwritable", BackupErrorCategory.PermissionDenied, path, path, exception.Message);
        }
    }
}
