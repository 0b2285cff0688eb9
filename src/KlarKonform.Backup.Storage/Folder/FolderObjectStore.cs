using System.Runtime.CompilerServices;

namespace KlarKonform.Backup.Storage.Folder;

/// <summary>Objects as files below a folder: a local disk, a mounted NAS or a network share. Thread-safe.</summary>
/// <remarks>
/// A share can go away at any time and leave nothing, or an empty folder. So an object that is not found is only missing while the folder
/// itself, and the repository's config once it was seen, are in sight; otherwise the call fails.
/// </remarks>
public sealed class FolderObjectStore : IObjectStore
{
    private readonly string _root;
    private readonly bool _durable;
    private readonly FolderWriter _writer;
    private readonly Sightings _sightings = new();

    /// <summary>Uses the folder at an absolute path; nothing is accessed before the first call.</summary>
    /// <param name="root">The folder.</param>
    /// <param name="durable">Whether saving waits for the disk. False only for caches.</param>
    /// <param name="disk">How it waits; null for the operating system's functions.</param>
    public FolderObjectStore(string root, bool durable = true, IDiskSync? disk = null)
    {
        _root = Path.GetFullPath(root);
        _durable = durable;
        _writer = new FolderWriter(durable ? disk ?? DiskSync.System : null);
    }

    /// <inheritdoc />
    public string Location => _root;

    /// <inheritdoc />
    public Task PrepareAsync(bool create, CancellationToken cancellationToken)
    {
        Run(
            null,
            () =>
            {
                if (LocalEntries.AttributesOf(_root)?.HasFlag(FileAttributes.Directory) != true)
                {
                    if (!create)
                        throw new StorageException(StorageErrorKind.NotFound, Location, null, $"The folder '{_root}' does not exist.");
                    _writer.CreateFolder(_root);
                }

                _sightings.SawRoot();
                if (LocalEntries.AttributesOf(PathOf(ObjectKeys.Anchor)) is not null)
                    _sightings.Saw(ObjectKeys.Anchor);
            }
        );
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task<StoredObject?> StatAsync(string key, CancellationToken cancellationToken)
    {
        StoredObject? found = null;
        Run(
            key,
            () =>
            {
                if (LocalEntries.FileAt(PathOf(key), mayBeLink: true) is not var (length, _))
                {
                    EnsureInSight(key);
                    return;
                }

                _sightings.Saw(key);
                found = new StoredObject(key, length);
            }
        );
        return Task.FromResult(found);
    }

    /// <inheritdoc />
    public Task SaveAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        _durable
            ? Task.Factory.StartNew(
                () => Save(key, content, cancellationToken),
                cancellationToken,
                TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach,
                TaskScheduler.Default
            )
            : Task.Run(() => Save(key, content, cancellationToken), cancellationToken);

    // Waiting for the disk takes a thread of its own: there is no asynchronous fsync, and the pool has as many threads as processors, which
    // have to hash and encrypt meanwhile.
    private void Save(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        Run(
            key,
            () =>
            {
                _writer.Write(PathOf(key), content, () => EnsureInSight(key), cancellationToken);
                _sightings.Saw(key);
            }
        );

    /// <inheritdoc />
    public Task<Stream> OpenReadAsync(string key, long offset, long? length, CancellationToken cancellationToken)
    {
        Stream? opened = null;
        Run(
            key,
            () =>
            {
                FileStream? stream = null;
                try
                {
                    stream = new FileStream(
                        PathOf(key),
                        new FileStreamOptions
                        {
                            Mode = FileMode.Open,
                            Access = FileAccess.Read,
                            Share = FileShare.ReadWrite | FileShare.Delete,
                            Options = FileOptions.Asynchronous,
                            BufferSize = 0,
                        }
                    );
                    stream.Position = offset;
                    _sightings.Saw(key);
                    opened = new FolderReadStream(length is { } count ? new BoundedReadStream(stream, count) : stream, Location, key);
                }
                catch (Exception exception)
                {
                    stream?.Dispose();
                    if (exception is FileNotFoundException or DirectoryNotFoundException)
                        EnsureInSight(key);
                    throw;
                }
            }
        );
        return Task.FromResult(opened!);
    }

    /// <inheritdoc />
    public async IAsyncEnumerable<StoredObject> ListAsync(string folder, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        using var found = Walk(PathOf(folder)).GetEnumerator();
        while (Run(folder, found.MoveNext))
        {
            cancellationToken.ThrowIfCancellationRequested();
            _sightings.Saw(found.Current.Key);
            yield return found.Current;
        }
    }

    /// <inheritdoc />
    public Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        Run(
            key,
            () =>
            {
                var path = PathOf(key);
                if (LocalEntries.AttributesOf(path) is null)
                    EnsureInSight(key);
                else
                    File.Delete(path);
                _sightings.Deleted(key);
            }
        );
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    // Level by level, following links. A folder that does not exist (any more) counts as empty while the place is in sight; and at the end
    // the place must be the same, or else what could not be seen would be taken for deleted.
    private IEnumerable<StoredObject> Walk(string top)
    {
        var pending = new Stack<string>([top]);
        while (pending.TryPop(out var folder))
        {
            using var entries = Open(folder);
            while (entries?.MoveNext() == true)
            {
                var entry = entries.Current;
                if (entry.IsFolder)
                    pending.Push(entry.Path);
                else if (
                    !ObjectKeys.IsTemporary(Path.GetFileName(entry.Path))
                    && LocalEntries.FileAt(entry.Path, entry.IsLink) is var (length, modified)
                )
                    yield return new StoredObject(KeyOf(entry.Path), length) { Modified = modified };
            }
        }

        EnsureInSight(null);
    }

    private static IEnumerator<LocalEntry>? Open(string folder)
    {
        try
        {
            return LocalEntries.In(folder).GetEnumerator();
        }
        catch (DirectoryNotFoundException)
        {
            return null;
        }
    }

    // A cache may vanish at any time and is created again.
    private void EnsureInSight(string? key)
    {
        if (!_durable || !_sightings.ExpectsRoot)
            return;
        if (LocalEntries.AttributesOf(_sightings.ExpectsAnchor ? PathOf(ObjectKeys.Anchor) : _root) is null)
            throw _sightings.OutOfSight(Location, key);
    }

    private string KeyOf(string path) => Path.GetRelativePath(_root, path).Replace(Path.DirectorySeparatorChar, '/');

    private string PathOf(string key) => Path.Combine(_root, key.Replace('/', Path.DirectorySeparatorChar));

    private void Run(string? key, Action call) =>
        Run(
            key,
            () =>
            {
                call();
                return true;
            }
        );

    private T Run<T>(string? key, Func<T> call)
    {
        try
        {
            return call();
        }
        catch (Exception exception) when (FolderErrors.IsOne(exception))
        {
            throw FolderErrors.Translate(exception, Location, key);
        }
    }
}
