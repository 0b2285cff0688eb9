using System.Runtime.CompilerServices;
using Renci.SshNet;
using Renci.SshNet.Common;

namespace KlarKonform.Backup.Storage.Sftp;

/// <summary>Objects as files on an SFTP server whose host key is pinned. Thread-safe.</summary>
/// <remarks>
/// What the server does not find is only missing while the folder itself, and the repository's config once it was seen, are in sight: a
/// volume that is not mounted at the server must not look like an empty repository.
/// </remarks>
public sealed class SftpObjectStore : IObjectStore
{
    // A folder of a repository may be a link to another volume, but not through many links.
    private const int MostLinks = 8;

    private readonly SftpStoreOptions _options;
    private readonly SftpConnectionPool _pool;
    private readonly SftpDisk _disk = new();
    private readonly SftpFolders _folders;
    private readonly Sightings _sightings = new();
    private readonly string _root;

    /// <summary>Stores the settings; the first call connects.</summary>
    public SftpObjectStore(SftpStoreOptions options)
    {
        _options = options;
        _root = options.Path.TrimEnd('/') is { Length: > 0 } path ? path : "/";
        _folders = new SftpFolders(_disk);
        _pool = new SftpConnectionPool(options, Location);
    }

    /// <inheritdoc />
    public string Location => $"sftp://{_options.UserName}@{_options.Host}:{_options.Port}/{_options.Path.TrimStart('/')}";

    /// <inheritdoc />
    public Task PrepareAsync(bool create, CancellationToken cancellationToken) =>
        RunAsync(
            null,
            async (client, watch) =>
            {
                if (!await client.ExistsAsync(_root, watch.Token).ConfigureAwait(false))
                {
                    if (!create)
                    {
                        throw new StorageException(
                            StorageErrorKind.NotFound,
                            Location,
                            null,
                            $"The folder '{_root}' does not exist on '{_options.Host}'."
                        );
                    }

                    await _folders.CreateAsync(client, _root, watch.Token).ConfigureAwait(false);
                }

                _sightings.SawRoot();
                if (await client.ExistsAsync(PathOf(ObjectKeys.Anchor), watch.Token).ConfigureAwait(false))
                    _sightings.Saw(ObjectKeys.Anchor);
                return true;
            },
            cancellationToken
        );

    /// <inheritdoc />
    public Task<StoredObject?> StatAsync(string key, CancellationToken cancellationToken) =>
        RunAsync(
            key,
            async (client, watch) =>
            {
                try
                {
                    var attributes = await client.GetAttributesAsync(PathOf(key), watch.Token).ConfigureAwait(false);
                    var isFile = attributes.IsRegularFile || SftpListing.IsUntyped(attributes);
                    var found =
                        attributes.IsSymbolicLink ? await TargetAsync(client, key, watch.Token).ConfigureAwait(false)
                        : isFile ? SftpListing.File(key, attributes) with { Modified = null }
                        : null;
                    if (found is not null)
                        _sightings.Saw(key);
                    return found;
                }
                catch (SftpPathNotFoundException)
                {
                    await EnsureInSightAsync(client, key, watch.Token).ConfigureAwait(false);
                    return null;
                }
            },
            cancellationToken
        );

    /// <inheritdoc />
    public Task SaveAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        RunAsync(
            key,
            async (client, watch) =>
            {
                var path = PathOf(key);
                var folder = path[..path.LastIndexOf('/')];
                await EnsureFolderAsync().ConfigureAwait(false);
                try
                {
                    await WriteAsync(client, watch, path, content).ConfigureAwait(false);
                }
                catch (SftpPathNotFoundException)
                {
                    // The folder was removed, or the volume went away, since it was last used.
                    _folders.Forget(folder);
                    await EnsureFolderAsync().ConfigureAwait(false);
                    await WriteAsync(client, watch, path, content).ConfigureAwait(false);
                }

                await _disk.FlushFolderAsync(client, folder, watch.Token).ConfigureAwait(false);
                _sightings.Saw(key);
                return true;

                Task EnsureFolderAsync() =>
                    _folders.EnsureAsync(client, folder, () => EnsureInSightAsync(client, key, watch.Token), watch.Token);
            },
            cancellationToken
        );

    /// <inheritdoc />
    public async Task<Stream> OpenReadAsync(string key, long offset, long? length, CancellationToken cancellationToken)
    {
        var lease = await _pool.RentAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var stream = await SftpSilence
                .EndAsync(
                    _options,
                    async watch =>
                    {
                        var opened = await lease
                            .Client.OpenAsync(PathOf(key), FileMode.Open, FileAccess.Read, watch.Token)
                            .ConfigureAwait(false);
                        if (offset > 0)
                            opened.Seek(offset, SeekOrigin.Begin);
                        return opened;
                    },
                    cancellationToken
                )
                .ConfigureAwait(false);
            _sightings.Saw(key);
            return new SftpReadStream(_options, lease, length is { } count ? new BoundedReadStream(stream, count) : stream, Location, key);
        }
        catch (Exception exception)
        {
            lease.Broken = SftpErrors.BreaksConnection(exception);
            lease.Dispose();
            if (exception is OperationCanceledException && cancellationToken.IsCancellationRequested)
                throw;
            if (exception is SftpPathNotFoundException)
                await StatAsync(key, cancellationToken).ConfigureAwait(false); // Throws if that is unknown.
            throw SftpErrors.Translate(exception, Location, key);
        }
    }

    /// <inheritdoc />
    public async IAsyncEnumerable<StoredObject> ListAsync(string folder, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var pending = new Stack<(string Key, StoredObject? OrFile, int Links)>([(folder, null, 0)]);
        while (pending.TryPop(out var current))
        {
            if (current.Links > MostLinks)
            {
                throw new StorageException(
                    StorageErrorKind.Other,
                    Location,
                    current.Key,
                    $"'{current.Key}' lies behind {MostLinks} links: they lead in a circle."
                );
            }

            var (key, isGuess) = (current.Key, current.OrFile is not null);
            Task<SftpListing?> ReadAsync(SftpClient client, SftpSilence watch) =>
                SftpListing.ReadAsync(client, PathOf(key), key, isGuess, watch.Moved, watch.Token);
            var level = await RunAsync(key, ReadAsync, cancellationToken).ConfigureAwait(false);
            if (level is null)
            {
                // A file after all.
                var file = current.OrFile;
                if (file is { Size: < 0 })
                    file = await RunAsync(key, (client, watch) => TargetAsync(client, key, watch.Token), cancellationToken)
                        .ConfigureAwait(false);
                if (file is not null)
                    yield return file;
                continue;
            }

            foreach (var found in level.Files)
            {
                _sightings.Saw(found.Key);
                yield return found;
            }

            foreach (var below in level.Folders)
                pending.Push((below.Key, below.OrFile, below.OrFile is { Size: < 0 } ? current.Links + 1 : current.Links));
        }

        await RunAsync(
                folder,
                async (client, watch) =>
                {
                    await EnsureInSightAsync(client, folder, watch.Token).ConfigureAwait(false);
                    return true;
                },
                cancellationToken
            )
            .ConfigureAwait(false);
    }

    /// <inheritdoc />
    public Task DeleteAsync(string key, CancellationToken cancellationToken) =>
        RunAsync(
            key,
            async (client, watch) =>
            {
                try
                {
                    await client.DeleteFileAsync(PathOf(key), watch.Token).ConfigureAwait(false);
                }
                catch (SftpPathNotFoundException)
                {
                    await EnsureInSightAsync(client, key, watch.Token).ConfigureAwait(false); // Gone already, as requested.
                }

                _sightings.Deleted(key);
                return true;
            },
            cancellationToken
        );

    /// <inheritdoc />
    public ValueTask DisposeAsync()
    {
        _pool.Dispose();
        _folders.Dispose();
        return ValueTask.CompletedTask;
    }

    private string PathOf(string key) => _root == "/" ? "/" + key : $"{_root}/{key}";

    private async Task<T> RunAsync<T>(string? key, Func<SftpClient, SftpSilence, Task<T>> call, CancellationToken cancellationToken)
    {
        using var lease = await _pool.RentAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await SftpSilence.EndAsync(_options, watch => call(lease.Client, watch), cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            lease.Broken = true;
            throw;
        }
        catch (Exception exception)
        {
            lease.Broken = exception is not StorageException && SftpErrors.BreaksConnection(exception);
            throw SftpErrors.Translate(exception, Location, key);
        }
    }

    private async Task EnsureInSightAsync(SftpClient client, string? key, CancellationToken cancellationToken)
    {
        if (!_sightings.ExpectsRoot)
            return;
        var path = _sightings.ExpectsAnchor ? PathOf(ObjectKeys.Anchor) : _root;
        if (!await client.ExistsAsync(path, cancellationToken).ConfigureAwait(false))
            throw _sightings.OutOfSight(Location, key);
    }

    // The target of a link, found by opening it: the library only requests the attributes of links themselves. Null for a folder.
    private async Task<StoredObject?> TargetAsync(SftpClient client, string key, CancellationToken cancellationToken)
    {
        try
        {
            var file = await client.OpenAsync(PathOf(key), FileMode.Open, FileAccess.Read, cancellationToken).ConfigureAwait(false);
            await using (file.ConfigureAwait(false))
                return new StoredObject(key, file.Length);
        }
        catch (SftpPathNotFoundException exception)
        {
            throw new StorageException(
                StorageErrorKind.Unreachable,
                Location,
                key,
                $"'{PathOf(key)}' is a link that leads nowhere: the volume behind it is away.",
                exception
            );
        }
    }

    private static async Task WriteAsync(SftpClient client, SftpSilence watch, string path, ReadOnlyMemory<byte> content)
    {
        var temporary = ObjectKeys.Temporary(path);
        try
        {
            using var stream = content.AsStream();
            await client.UploadFileAsync(stream, temporary, new Acknowledged(watch), watch.Token).ConfigureAwait(false);
            await SftpDisk.FlushFileAsync(client, temporary, content.Length, watch.Token).ConfigureAwait(false);
            await RenameAsync(client, temporary, path, watch.Token).ConfigureAwait(false);
        }
        catch
        {
            await TryDeleteAsync(client, temporary).ConfigureAwait(false);
            throw;
        }
    }

    // posix-rename@openssh.com replaces atomically; servers without it get delete and rename, which is safe because content-addressed
    // objects never change.
    private static async Task RenameAsync(SftpClient client, string from, string to, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Run(() => client.RenameFile(from, to, isPosix: true), cancellationToken).ConfigureAwait(false);
        }
        catch (NotSupportedException)
        {
            if (await client.ExistsAsync(to, cancellationToken).ConfigureAwait(false))
                await client.DeleteFileAsync(to, cancellationToken).ConfigureAwait(false);
            await client.RenameFileAsync(from, to, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task TryDeleteAsync(SftpClient client, string path)
    {
        try
        {
            using var brief = new CancellationTokenSource(TimeSpan.FromSeconds(5));
            if (client.IsConnected)
                await client.DeleteFileAsync(path, brief.Token).ConfigureAwait(false);
        }
        catch (Exception exception)
            when (exception is SshException or IOException or InvalidOperationException or OperationCanceledException)
        {
            // The failure that led here is the one to report; readers ignore leftover temporary files.
        }
    }

    // Counts what the server has acknowledged, not what is in buffers.
    private sealed class Acknowledged(SftpSilence watch) : IProgress<UploadFileProgressReport>
    {
        public void Report(UploadFileProgressReport value) => watch.Moved();
    }
}
