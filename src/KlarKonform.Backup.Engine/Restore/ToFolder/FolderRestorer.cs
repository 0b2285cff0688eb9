using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using KlarKonform.Backup.Engine.Browsing;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Restoring;
using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Engine.Restore.ToFolder;

/// <summary>
/// Restores files of snapshots to a folder. A file gets its final name only when every byte was authenticated and hashed. Started again
/// after an interruption, it continues: a file with its final name is complete. No name leads out of the destination. A failure of one item
/// or one folder becomes a row of its own; the rest continues. Used once.
/// </summary>
internal sealed class FolderRestorer : IAsyncDisposable
{
    // Enough for files from the same pack to meet, few enough to keep in memory.
    private const int FilesAtATime = 10_000;

    private readonly RestoreRequest _request;
    private readonly IReadOnlyList<RestoreSource> _sources;
    private readonly SnapshotBrowser _browser;
    private readonly FileRestorer _files;
    private readonly ItemFormatter _formatter;
    private readonly RestoreFolders _folders;
    private readonly WrittenItems? _written;
    private readonly List<(RestoredItem Row, FileToRestore File)> _batch = [];

    public FolderRestorer(BackupRepository session, RestoreRequest request, IReadOnlyList<RestoreSource> sources)
    {
        (_request, _sources) = (request, sources);
        var reader = new RepositoryReader(session.Repository, treeCache: session.TreeCache);
        _browser = new SnapshotBrowser(reader);
        _files = new FileRestorer(session.Repository, session.ReadsAtOnce);
        _formatter = new ItemFormatter(reader, request);
        _folders = new RestoreFolders(request, sources);
        _written = sources.Count > 1 ? new WrittenItems(request.Layout == RestoreLayout.Flat) : null;
    }

    /// <summary>Restores, and reports every file.</summary>
    /// <exception cref="BackupException">DestinationUnwritable, DestinationFull.</exception>
    public async IAsyncEnumerable<RestoredItem> RestoreAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        _folders.MakeDestination();
        foreach (var source in _sources)
        {
            var selection = new SnapshotSelection(
                _browser,
                source.Paths,
                _request.IncludeDeleted,
                withParts: _request.Format != RestoreFormat.AsStored
            );
            await foreach (var entry in selection.WalkAsync(source.Root, cancellationToken))
            {
                if (entry.Fault is { } fault)
                {
                    yield return Failed(entry, _request.Destination!, fault);
                    continue;
                }

                // Folders that the walk has left are closed; their combined files are complete.
                foreach (var left in _folders.Leave(entry.Parent))
                {
                    await foreach (var item in CloseAsync(left, cancellationToken))
                        yield return item;
                }

                if (await TakeAsync(entry, cancellationToken) is { } row)
                    yield return row;
                if (_formatter.IsFull)
                {
                    await foreach (var item in FlushAsync(cancellationToken))
                        yield return item;
                }

                if (_batch.Count < FilesAtATime)
                    continue;
                foreach (var item in await WriteAsync(cancellationToken))
                    yield return item;
            }

            foreach (var left in _folders.LeaveAll())
            {
                await foreach (var item in CloseAsync(left, cancellationToken))
                    yield return item;
            }
        }

        foreach (var item in await WriteAsync(cancellationToken))
            yield return item;
    }

    public ValueTask DisposeAsync() => _formatter.DisposeAsync();

    // The result, if it is known at once: a failure, or that it exists already. Otherwise the entry waits to be written.
    private async Task<RestoredItem?> TakeAsync(SnapshotEntry entry, CancellationToken cancellationToken)
    {
        try
        {
            var parent = _folders.Enter(entry.Parent);
            if (entry.Node.IsDirectory)
            {
                var folder = _folders.Enter(entry);
                if (folder.Blocked is null && _request.Format != RestoreFormat.Combined)
                    folder.Make(); // Empty folders are restored too.
                return null;
            }

            if (entry.Node.Type != NodeType.File)
                return new RestoredItem(entry.Path, parent.Path, 0, RestoreOutcomes.Skipped)
                {
                    Detail = Texts.Get("RestoreKindUnknown", entry.Node.Type),
                };
            if (parent.Blocked is { } reason)
                return new RestoredItem(entry.Path, parent.Path, (long)entry.Node.Size, RestoreOutcomes.Failed)
                {
                    Code = "LinkInTheWay",
                    Detail = reason,
                };
            if (_written?.Add(entry) == false)
                return null; // Another snapshot of this restore contains exactly the same.
            var form = await _formatter.PlanAsync(entry, _folders.Levels, cancellationToken);
            if (form.Combined is { } file)
                _formatter.Enqueue(file, entry, _folders.FolderOf(parent));
            return form.AsFile ? Place(entry, _folders.FolderOf(parent), form.Note) : null;
        }
        catch (Exception exception) when (ItemWall.Holds(exception, cancellationToken))
        {
            return Failed(entry, _request.Destination!, exception);
        }
    }

    private RestoredItem? Place(SnapshotEntry entry, RestoreLevel folder, string? note)
    {
        folder.Make();
        var size = (long)entry.Node.Size;
        var target = Path.Combine(folder.Path, folder.Claim(entry.Node.Name));
        if (Exists(target) && _request.Conflict == RestoreConflict.Skip)
            return new RestoredItem(entry.Path, target, size, RestoreOutcomes.Skipped) { Detail = Texts.Get("RestoreIsThere") };
        if (_request.Conflict == RestoreConflict.Rename)
            target = Renamed(folder, target);
        _batch.Add(
            (
                new RestoredItem(entry.Path, target, size, RestoreOutcomes.Restored) { Detail = note },
                new FileToRestore(entry.Node, target, _request.Conflict == RestoreConflict.Replace)
            )
        );
        return null;
    }

    // What cannot be converted to a format for other programs is written as it was stored, and reported as such.
    private async IAsyncEnumerable<RestoredItem> FlushAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var (item, fallback) in _formatter.FlushAsync(cancellationToken))
        {
            if (fallback is null)
                yield return item;
            else if (Attempt(item, fallback, cancellationToken) is { } row)
                yield return row;
        }
    }

    private RestoredItem? Attempt(RestoredItem item, WaitingItem fallback, CancellationToken cancellationToken)
    {
        try
        {
            return Place(fallback.Entry, fallback.Folder, item.Detail);
        }
        catch (Exception exception) when (ItemWall.Holds(exception, cancellationToken))
        {
            return Failed(fallback.Entry, fallback.Folder.Path, exception);
        }
    }

    private async IAsyncEnumerable<RestoredItem> CloseAsync(
        RestoreLevel level,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        if (level.Files.Count == 0)
            yield break;
        await foreach (var item in FlushAsync(cancellationToken))
            yield return item;
        await foreach (var item in _formatter.CloseAsync(level, cancellationToken))
            yield return item;
    }

    private static string Renamed(RestoreLevel folder, string target)
    {
        var name = Path.GetFileName(target);
        for (var number = 2; Exists(target); number++)
            target = Path.Combine(folder.Path, folder.Claim(RestoreLevel.Numbered(name, number)));
        return target;
    }

    // A dangling link exists too.
    private static bool Exists(string path) => File.Exists(path) || Directory.Exists(path) || new FileInfo(path).LinkTarget is not null;

    /// <summary>Restores a batch in the order of the storage and returns it in its own order.</summary>
    private async Task<IReadOnlyList<RestoredItem>> WriteAsync(CancellationToken cancellationToken)
    {
        var failures = new ConcurrentDictionary<FileToRestore, Exception>(ReferenceEqualityComparer.Instance);
        var notes = new ConcurrentDictionary<FileToRestore, string>(ReferenceEqualityComparer.Instance);
        await _files.RestoreAsync(
            [.. _batch.Select(item => item.File)],
            (file, failure) =>
            {
                if (failure is not null)
                    failures[file] = failure;
            },
            cancellationToken,
            (file, reason) => notes[file] = Texts.Get("RestoreTimeLost", file.Node.ModTime.Moment.UtcDateTime, reason.Message)
        );
        if (failures.Values.FirstOrDefault(ItemWall.IsDiskFull) is { } full)
            throw new BackupException(
                ErrorIds.DestinationFull,
                BackupErrorCategory.QuotaExceeded,
                _request.Destination,
                _request.Destination,
                full.Message
            );
        var rows = _batch.ConvertAll(item =>
            failures.TryGetValue(item.File, out var failure) ? Failed(item.Row, failure)
            : notes.TryGetValue(item.File, out var note)
                ? item.Row with
                {
                    Detail = item.Row.Detail is { } other ? $"{other} {note}" : note,
                }
            : item.Row
        );
        _batch.Clear();
        return rows;
    }

    private static RestoredItem Failed(SnapshotEntry entry, string place, Exception exception) =>
        Failed(new RestoredItem(entry.Path, place, (long)entry.Node.Size, RestoreOutcomes.Failed), exception);

    /// <summary>A row that says why.</summary>
    internal static RestoredItem Failed(RestoredItem row, Exception exception)
    {
        var (code, detail) = exception is IOException and not EndOfStreamException or UnauthorizedAccessException
            ? (ErrorIds.DestinationUnwritable, Texts.Get(ErrorIds.DestinationUnwritable, row.File, exception.Message))
            : ItemWall.Describe(exception);
        return row with { Status = RestoreOutcomes.Failed, Code = code, Detail = detail };
    }
}
