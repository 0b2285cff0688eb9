using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using KlarKonform.Backup.Engine.Browsing;
using KlarKonform.Backup.Engine.Runs;
using KlarKonform.Backup.Repository;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Restoring;
using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Engine.Restore.Folder;

/// <summary>
/// Restores files of a snapshot to a folder, each under its name in the end only when every byte of it was authenticated and hashed. Begun
/// again after a cut it goes on: what has its name is complete. No name leads out of the destination. Used once.
/// </summary>
internal sealed class FolderRestorer : IAsyncDisposable
{
    // Enough that neighbours in a pack meet, few enough to hold in memory.
    private const int FilesAtATime = 10_000;

    private readonly RestoreRequest _request;
    private readonly SnapshotBrowser _browser;
    private readonly FileRestorer _files;
    private readonly ItemFormatter _formatter;
    private readonly string _destination;
    private readonly List<RestoreLevel> _levels = [];
    private readonly List<(string Path, FileToRestore File)> _batch = [];

    public FolderRestorer(RepositorySession session, RestoreRequest request)
    {
        _request = request;
        _destination = request.Destination!;
        var reader = new RepositoryReader(session.Repository, treeCache: session.TreeCache);
        _browser = new SnapshotBrowser(reader);
        _files = new FileRestorer(session.Repository, session.ReadsAtOnce);
        _formatter = new ItemFormatter(reader, request);
    }

    /// <summary>Restores, and reports every file.</summary>
    /// <exception cref="BackupException">PathNotFound or DestinationUnwritable.</exception>
    public async IAsyncEnumerable<RestoredItem> RestoreAsync(BlobId root, string snapshot, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        _levels.Add(new RestoreLevel(null, _destination) { IsMade = true });
        foreach (var path in _request.Paths)
        {
            var any = false;
            await foreach (var found in _browser.FindAsync(root, path, cancellationToken).ConfigureAwait(false))
            {
                if (!any)
                    MakeDestination();
                any = true;
                await foreach (var entry in _browser.WalkAsync(found, _request.IncludeDeleted, cancellationToken).ConfigureAwait(false))
                {
                    await foreach (var item in EntryAsync(entry, found, cancellationToken).ConfigureAwait(false))
                        yield return item;
                }
            }

            if (!any)
                throw new BackupException("PathNotFound", BackupErrorCategory.ObjectNotFound, path, path, snapshot[..8]);
        }

        await foreach (var item in CloseAsync(0, cancellationToken).ConfigureAwait(false))
            yield return item;
        await foreach (var item in WriteAsync(cancellationToken).ConfigureAwait(false))
            yield return item;
    }

    public ValueTask DisposeAsync() => _formatter.DisposeAsync();

    private async IAsyncEnumerable<RestoredItem> EntryAsync(SnapshotEntry entry, SnapshotEntry root, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Folders that the walk has left are closed; what they combine is complete.
        await foreach (var item in CloseAsync(entry.Depth - root.Depth + 1, cancellationToken).ConfigureAwait(false))
            yield return item;
        var parent = _levels[^1];
        if (entry.Node.IsDirectory)
        {
            _levels.Add(Enter(parent, entry));
            yield break;
        }

        if (entry.Node.Type != NodeType.File)
            yield break; // A link of another program's snapshot leads elsewhere.
        if (parent.Blocked is { } reason)
        {
            yield return new RestoredItem(entry.Path, parent.Path, (long)entry.Node.Size, "Failed") { Code = "LinkInTheWay", Detail = reason };
            yield break;
        }

        var plan = _formatter.Plan(entry, _levels);
        foreach (var file in plan.Combined)
            _formatter.Enqueue(file, entry);
        if (_formatter.IsFull)
        {
            await foreach (var item in _formatter.FlushAsync(cancellationToken).ConfigureAwait(false))
                yield return item;
        }

        if (!plan.AsFile)
            yield break;
        var folder = _request.Layout == RestoreLayout.Flat ? _levels[0] : parent;
        if (Make(folder) is { } failure)
        {
            yield return new RestoredItem(entry.Path, folder.Path, (long)entry.Node.Size, "Failed") { Code = "DestinationUnwritable", Detail = Texts.Get("DestinationUnwritable", folder.Path, failure) };
            yield break;
        }

        var target = Path.Combine(folder.Path, folder.Claim(entry.Node.Name));
        if (Exists(target) && _request.Conflict == RestoreConflict.Skip)
        {
            yield return new RestoredItem(entry.Path, target, (long)entry.Node.Size, "Skipped") { Detail = Texts.Get("RestoreIsThere") };
            yield break;
        }

        if (_request.Conflict == RestoreConflict.Rename)
            target = Renamed(folder, target);
        _batch.Add((entry.Path, new FileToRestore(entry.Node, target, _request.Conflict == RestoreConflict.Replace)));
        if (_batch.Count < FilesAtATime)
            yield break;
        await foreach (var restored in WriteAsync(cancellationToken).ConfigureAwait(false))
            yield return restored;
    }

    private RestoreLevel Enter(RestoreLevel parent, SnapshotEntry entry)
    {
        if (_request.Layout == RestoreLayout.Flat)
            return new RestoreLevel(entry, _destination) { IsMade = true };
        var level = new RestoreLevel(entry, Path.Combine(parent.Path, parent.Claim(entry.Node.Name))) { Blocked = parent.Blocked };

        // A link that lies there already would lead what is restored out of the destination.
        if (level.Blocked is null && new DirectoryInfo(level.Path) is { LinkTarget: not null })
            level.Blocked = Texts.Get("RestoreLinkInTheWay", level.Path);
        if (level.Blocked is null && _request.Format != RestoreFormat.Combined)
            Make(level);
        return level;
    }

    // Null when the folder is there.
    private static string? Make(RestoreLevel level)
    {
        if (level.IsMade)
            return null;
        try
        {
            Directory.CreateDirectory(level.Path);
            level.IsMade = true;
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return exception.Message;
        }
    }

    private void MakeDestination()
    {
        try
        {
            Directory.CreateDirectory(_destination);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new BackupException("DestinationUnwritable", BackupErrorCategory.PermissionDenied, _destination, _destination, exception.Message);
        }
    }

    private async IAsyncEnumerable<RestoredItem> CloseAsync(int levels, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (_levels.Count > Math.Max(levels, levels == 0 ? 0 : 1))
        {
            var level = _levels[^1];
            if (level.Files.Count > 0)
            {
                await foreach (var item in _formatter.CloseAsync(level, cancellationToken).ConfigureAwait(false))
                    yield return item;
            }

            _levels.RemoveAt(_levels.Count - 1);
        }
    }

    private static string Renamed(RestoreLevel folder, string target)
    {
        var name = Path.GetFileName(target);
        for (var number = 2; Exists(target); number++)
            target = Path.Combine(folder.Path, folder.Claim(RestoreLevel.Numbered(name, number)));
        return target;
    }

    // A dangling link is there too.
    private static bool Exists(string path) => File.Exists(path) || Directory.Exists(path) || new FileInfo(path).LinkTarget is not null;

    /// <summary>Restores a batch in the storage's order and returns it in its own.</summary>
    private async IAsyncEnumerable<RestoredItem> WriteAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var failures = new ConcurrentDictionary<FileToRestore, Exception>();
        await _files.RestoreAsync([.. _batch.Select(item => item.File)], (file, failure) =>
        {
            if (failure is not null)
                failures[file] = failure;
        }, cancellationToken).ConfigureAwait(false);
        foreach (var (path, file) in _batch)
        {
            var item = new RestoredItem(path, file.Path, (long)file.Node.Size, "Restored");
            if (failures.TryGetValue(file, out var failure))
            {
                item = failure is IOException or UnauthorizedAccessException
                    ? item with { Status = "Failed", Code = "DestinationUnwritable", Detail = Texts.Get("DestinationUnwritable", file.Path, failure.Message) }
                    : item with { Status = "Failed", Code = "RepositoryDamaged", Detail = failure.Message };
            }

            yield return item;
        }

        _batch.Clear();
    }
}
