using KlarKonform.Backup.Engine.Browsing;

namespace KlarKonform.Backup.Engine.Restore.ToFolder;

/// <summary>
/// The local folders of a restore: those that correspond to the snapshot's folders from the root to the current place of the walk. Not
/// thread-safe.
/// </summary>
internal sealed class RestoreFolders
{
    private readonly RestoreRequest _request;
    private readonly List<RestoreLevel> _levels = [];

    // Folders with the same path in several snapshots are one folder.
    private readonly Dictionary<string, RestoreLevel>? _known;
    private readonly int _skipped;

    public RestoreFolders(RestoreRequest request, IReadOnlyList<RestoreSource> sources)
    {
        _request = request;
        _known = sources.Count > 1 ? new Dictionary<string, RestoreLevel>(StringComparer.Ordinal) : null;
        _skipped = request.KeepPaths ? 0 : Shared(sources.SelectMany(source => source.Paths));
        _levels.Add(new RestoreLevel(null, request.Destination!) { IsMade = true });
    }

    /// <summary>The folders from the destination to the current place of the walk.</summary>
    public IReadOnlyList<RestoreLevel> Levels => _levels;

    /// <summary>Creates the destination.</summary>
    /// <exception cref="BackupException">DestinationUnwritable.</exception>
    public void MakeDestination()
    {
        try
        {
            Directory.CreateDirectory(_request.Destination!);
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new BackupException(
                ErrorIds.DestinationUnwritable,
                BackupErrorCategory.PermissionDenied,
                _request.Destination,
                _request.Destination,
                exception.Message
            );
        }
    }

    /// <summary>The folder for the files of a folder.</summary>
    public RestoreLevel FolderOf(RestoreLevel parent) => _request.Layout == RestoreLayout.Flat ? _levels[0] : parent;

    /// <summary>Leaves the folders that do not lead to the given folder, innermost first.</summary>
    public IEnumerable<RestoreLevel> Leave(SnapshotEntry? folder)
    {
        if (ReferenceEquals(_levels[^1].Entry, folder))
            yield break;
        var chain = folder?.Chain() ?? [];
        var kept = 1;
        while (
            kept < _levels.Count && kept - 1 + _skipped < chain.Count && ReferenceEquals(_levels[kept].Entry, chain[kept - 1 + _skipped])
        )
            kept++;
        while (_levels.Count > kept)
        {
            yield return _levels[^1];
            _levels.RemoveAt(_levels.Count - 1);
        }
    }

    /// <summary>Leaves all folders.</summary>
    public IEnumerable<RestoreLevel> LeaveAll()
    {
        foreach (var level in Leave(null))
            yield return level;
        yield return _levels[0];
    }

    /// <summary>Enters a folder of the snapshot, from one above it that the walk is in.</summary>
    public RestoreLevel Enter(SnapshotEntry? folder)
    {
        if (folder is null || folder.Depth < _skipped)
            return _levels[0];
        var chain = folder.Chain();
        for (var depth = _skipped + _levels.Count - 1; depth <= folder.Depth; depth++)
            _levels.Add(Open(_levels[^1], chain[depth]));
        return _levels[^1];
    }

    private RestoreLevel Open(RestoreLevel parent, SnapshotEntry entry)
    {
        if (_request.Layout == RestoreLayout.Flat)
            return new RestoreLevel(entry, _request.Destination!) { IsMade = true };
        if (_known?.GetValueOrDefault(entry.Path) is { } known)
        {
            known.Entry = entry;
            return known;
        }

        var level = new RestoreLevel(entry, Path.Combine(parent.Path, parent.Claim(entry.Node.Name))) { Blocked = parent.Blocked };
        _known?.TryAdd(entry.Path, level);

        // An existing link here would redirect what is restored out of the destination.
        if (level.Blocked is null && new DirectoryInfo(level.Path) is { LinkTarget: not null })
            level.Blocked = Texts.Get("RestoreLinkInTheWay", level.Path);
        return level;
    }

    // How many folders all paths have in common, by their text: what the paths match must not change where a file is placed.
    private static int Shared(IEnumerable<string> paths)
    {
        string[]? shared = null;
        foreach (var path in paths)
        {
            var parts = SnapshotSelection.PartsOf(path);
            var named = parts.TakeWhile(part => part.AsSpan().IndexOfAny('*', '?') < 0).Take(Math.Max(0, parts.Length - 1)).ToArray();
            shared = shared is null
                ? named
                : [.. shared.Zip(named).TakeWhile(pair => pair.First == pair.Second).Select(pair => pair.First)];
        }

        return shared?.Length ?? 0;
    }
}
