using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Renci.SshNet;
using Renci.SshNet.Common;
using Renci.SshNet.Sftp;

namespace KlarKonform.Backup.Storage.Sftp;

/// <summary>Objects as files on an SFTP server whose host key is pinned. Thread-safe.</summary>
public sealed class SftpObjectStore : IObjectStore
{
    private readonly SftpStoreOptions _options;
    private readonly SftpConnectionPool _pool;
    private readonly ConcurrentDictionary<string, bool> _folders = new(StringComparer.Ordinal);
    private readonly string _root;

    /// <summary>Remembers the settings; the first call connects.</summary>
    public SftpObjectStore(SftpStoreOptions options)
    {
        _options = options;
        _root = options.Path.TrimEnd('/') is { Length: > 0 } path ? path : "/";
        _pool = new SftpConnectionPool(options, Location);
    }

    /// <inheritdoc />
    public string Location => $"sftp://{_options.UserName}@{_options.Host}:{_options.Port}/{_options.Path.TrimStart('/')}";

    /// <inheritdoc />
    public Task PrepareAsync(bool create, CancellationToken cancellationToken) => RunAsync(null, async (client, watch) =>
    {
        if (await client.ExistsAsync(_root, watch.Token).ConfigureAwait(false))
            return true;
        if (!create)
            throw new StorageException(StorageErrorKind.NotFound, Location, null, $"The folder '{_root}' does not exist on '{_options.Host}'.");
        await CreateFolderAsync(client, _root, watch.Token).ConfigureAwait(false);
        return true;
    }, cancellationToken);

    /// <inheritdoc />
    public Task<StoredObject?> StatAsync(string key, CancellationToken cancellationToken) => RunAsync(key, async (client, watch) =>
    {
        try
        {
            var attributes = await client.GetAttributesAsync(PathOf(key), watch.Token).ConfigureAwait(false);
            return attributes.IsRegularFile ? new StoredObject(key, attributes.Size) : null;
        }
        catch (SftpPathNotFoundException)
        {
            return null;
        }
    }, cancellationToken);

    /// <inheritdoc />
    public Task SaveAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => RunAsync(key, async (client, watch) =>
    {
        var path = PathOf(key);
        await EnsureFolderAsync(client, path[..path.LastIndexOf('/')], watch.Token).ConfigureAwait(false);
        var temporary = ObjectKeys.Temporary(path);
        try
        {
            using var stream = content.AsStream();
            await client.UploadFileAsync(stream, temporary, new Acknowledged(watch), watch.Token).ConfigureAwait(false);
            var written = await client.GetAttributesAsync(temporary, watch.Token).ConfigureAwait(false);
            if (written.Size != content.Length)
                throw new IOException($"The server kept {written.Size} of {content.Length} bytes.");
            await RenameAsync(client, temporary, path, watch.Token).ConfigureAwait(false);
        }
        catch
        {
            await TryDeleteAsync(client, temporary).ConfigureAwait(false);
            throw;
        }

        return true;
    }, cancellationToken);

    /// <inheritdoc />
    public async Task<Stream> OpenReadAsync(string key, long offset, long? length, CancellationToken cancellationToken)
    {
        var lease = await _pool.RentAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var stream = await SftpSilence.EndAsync(_options, async watch =>
            {
                var opened = await lease.Client.OpenAsync(PathOf(key), FileMode.Open, FileAccess.Read, watch.Token).ConfigureAwait(false);
                if (offset > 0)
                    opened.Seek(offset, SeekOrigin.Begin);
                return opened;
            }, cancellationToken).ConfigureAwait(false);
            return new SftpReadStream(_options, lease, length is { } count ? new BoundedReadStream(stream, count) : stream, Location, key);
        }
        catch (Exception exception)
        {
            lease.Broken = SftpErrors.BreaksConnection(exception);
            lease.Dispose();
            if (exception is OperationCanceledException && cancellationToken.IsCancellationRequested)
                throw;
            throw SftpErrors.Translate(exception, Location, key);
        }
    }

    /// <inheritdoc />
    public async IAsyncEnumerable<StoredObject> ListAsync(string folder, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var pending = new Stack<string>([folder]);
        while (pending.TryPop(out var current))
        {
            var entries = await RunAsync(current, async (client, watch) =>
            {
                var found = new List<ISftpFile>();
                try
                {
                    await foreach (var entry in client.ListDirectoryAsync(PathOf(current), watch.Token).ConfigureAwait(false))
                    {
                        found.Add(entry);
                        watch.Moved();
                    }
                }
                catch (SftpPathNotFoundException)
                {
                    // A repository that was never written to has no such folder: an empty listing.
                }

                return found;
            }, cancellationToken).ConfigureAwait(false);
            foreach (var entry in entries)
            {
                if (entry.IsDirectory && entry.Name is not ("." or ".."))
                    pending.Push(ObjectKeys.Below(current, entry.Name));
                else if (entry.IsRegularFile && !ObjectKeys.IsTemporary(entry.Name))
                    yield return new StoredObject(ObjectKeys.Below(current, entry.Name), entry.Length) { Modified = new DateTimeOffset(entry.LastWriteTimeUtc, TimeSpan.Zero) };
            }
        }
    }

    /// <inheritdoc />
    public Task DeleteAsync(string key, CancellationToken cancellationToken) => RunAsync(key, async (client, watch) =>
    {
        try
        {
            await client.DeleteFileAsync(PathOf(key), watch.Token).ConfigureAwait(false);
        }
        catch (SftpPathNotFoundException)
        {
            // Gone already, which is what was asked for.
        }

        return true;
    }, cancellationToken);

    /// <inheritdoc />
    public ValueTask DisposeAsync()
    {
        _pool.Dispose();
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

    private async Task EnsureFolderAsync(SftpClient client, string folder, CancellationToken cancellationToken)
    {
        if (_folders.ContainsKey(folder))
            return;
        await CreateFolderAsync(client, folder, cancellationToken).ConfigureAwait(false);
        _folders[folder] = true;
    }

    private static async Task CreateFolderAsync(SftpClient client, string folder, CancellationToken cancellationToken)
    {
        if (folder.Length == 0 || await client.ExistsAsync(folder, cancellationToken).ConfigureAwait(false))
            return;
        var slash = folder.LastIndexOf('/');
        if (slash > 0)
            await CreateFolderAsync(client, folder[..slash], cancellationToken).ConfigureAwait(false);
        try
        {
            await client.CreateDirectoryAsync(folder, cancellationToken).ConfigureAwait(false);
        }
        catch (SshException) when (client.Exists(folder))
        {
            // Another writer was faster.
        }
    }

    // posix-rename@openssh.com replaces atomically; servers without it get delete and rename, which is safe because content-addressed objects never change.
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
        catch (Exception exception) when (exception is SshException or IOException or InvalidOperationException or OperationCanceledException)
        {
            // The failure that led here is the one to report; readers ignore leftover temporary files.
        }
    }

    // What the server has acknowledged, not what lies in buffers.
    private sealed class Acknowledged(SftpSilence watch) : IProgress<UploadFileProgressReport>
    {
        public void Report(UploadFileProgressReport value) => watch.Moved();
    }
}
