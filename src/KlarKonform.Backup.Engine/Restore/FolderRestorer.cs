using System.IO.Enumeration;
using System.Runtime.CompilerServices;
using KlarKonform.Backup.Engine.Runs;
using KlarKonform.Backup.Repository;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Engine.Restore;

/// <summary>Restores files of a snapshot to a folder, each under its name in the end only when every byte of it was authenticated.</summary>
internal sealed class FolderRestorer(RepositorySession session)
{
    private readonly RepositoryReader _reader = new(session.Repository);

    public async IAsyncEnumerable<RestoredItem> RestoreAsync(BlobId root, string snapshot, RestoreRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var parts = request.Path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var any = false;
        await foreach (var (path, node) in FindAsync(root, parts, 0, "", cancellationToken).ConfigureAwait(false))
        {
            any = true;
            await foreach (var restored in RestoreAsync(node, path, request.Destination, request.Force, cancellationToken).ConfigureAwait(false))
                yield return restored;
        }

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

    private async IAsyncEnumerable<RestoredItem> RestoreAsync(Node node, string path, string folder, bool force, [EnumeratorCancellation] CancellationToken cancellationToken)
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
                await foreach (var restored in RestoreAsync(child, $"{path}/{child.Name}", target, force, cancellationToken).ConfigureAwait(false))
                    yield return restored;
            }
        }
        else if (node.Type == NodeType.File)
        {
            if (File.Exists(target) && !force)
                yield return new RestoredItem(path, target, (long)node.Size, "Skipped");
            else
                yield return await WriteAsync(node, path, target, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<RestoredItem> WriteAsync(Node node, string path, string target, CancellationToken cancellationToken)
    {
        var temporary = $"{target}.{Guid.NewGuid().ToString("N")[..8]}.part";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            await using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None))
                await _reader.CopyContentAsync(node, stream, cancellationToken).ConfigureAwait(false);
            File.SetLastWriteTimeUtc(temporary, node.ModTime.Moment.UtcDateTime);
            File.Move(temporary, target, overwrite: true);
            return new RestoredItem(path, target, (long)node.Size, "Restored");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new BackupException("DestinationUnwritable", BackupErrorCategory.PermissionDenied, target, target, exception.Message);
        }
        finally
        {
            Guarded(temporary, () => File.Delete(temporary));
        }
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
