using System.Runtime.CompilerServices;

namespace KlarKonform.Backup.Storage.Folder;

/// <summary>Objects as files below a folder: a local disk, a mounted NAS or a network share. Thread-safe.</summary>
public sealed class FolderObjectStore : IObjectStore
{
    private const UnixFileMode OwnerFolder = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode OwnerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _root;
    private readonly bool _durable;

    /// <summary>Uses the folder at an absolute path; nothing is touched before the first call.</summary>
    /// <param name="root">The folder.</param>
    /// <param name="durable">Whether saving waits for the disk. False is for caches only.</param>
    public FolderObjectStore(string root, bool durable = true)
    {
        _root = Path.GetFullPath(root);
        _durable = durable;
    }

    /// <inheritdoc />
    public string Location => _root;

    /// <inheritdoc />
    public Task PrepareAsync(bool create, CancellationToken cancellationToken)
    {
        try
        {
            if (!Directory.Exists(_root))
            {
                if (!create)
                    throw new StorageException(StorageErrorKind.NotFound, Location, null, $"The folder '{_root}' does not exist.");
                CreateFolder(_root);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Translate(exception, null);
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task<StoredObject?> StatAsync(string key, CancellationToken cancellationToken)
    {
        var file = new FileInfo(PathOf(key));
        return Task.FromResult(file.Exists ? new StoredObject(key, file.Length) : null);
    }

    /// <inheritdoc />
    public Task SaveAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        _durable ? Task.Factory.StartNew(() => Save(key, content, cancellationToken), cancellationToken, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default)
            : Task.Run(() => Save(key, content, cancellationToken), cancellationToken);

    // Waiting for the disk takes a thread of its own: there is no asynchronous fsync, and the pool has as many threads as processors,
    // which have hashing and encrypting to do meanwhile.
    private void Save(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var path = PathOf(key);
        var temporary = ObjectKeys.Temporary(path);
        try
        {
            var folder = Path.GetDirectoryName(path)!;
            if (!Directory.Exists(folder))
                CreateFolder(folder);
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None, BufferSize = 0 };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = OwnerFile;
            using (var stream = new FileStream(temporary, options))
            {
                DiskWrites.Write(stream.SafeFileHandle, content.Span, 0, cancellationToken);
                if (_durable)
                    stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
            if (_durable)
                FolderSync.Flush(folder);
        }
        catch (Exception exception)
        {
            TryDelete(temporary);
            if (exception is IOException or UnauthorizedAccessException)
                throw Translate(exception, key);
            throw;
        }
    }

    /// <inheritdoc />
    public Task<Stream> OpenReadAsync(string key, long offset, long? length, CancellationToken cancellationToken)
    {
        FileStream? stream = null;
        try
        {
            stream = new FileStream(PathOf(key), new FileStreamOptions
            {
                Mode = FileMode.Open,
                Access = FileAccess.Read,
                Share = FileShare.ReadWrite | FileShare.Delete,
                Options = FileOptions.Asynchronous,
                BufferSize = 0,
            });
            stream.Position = offset;
            return Task.FromResult<Stream>(length is { } count ? new BoundedReadStream(stream, count) : stream);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            stream?.Dispose();
            throw Translate(exception, key);
        }
    }

    /// <inheritdoc />
    public async IAsyncEnumerable<StoredObject> ListAsync(string folder, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        var path = PathOf(folder);
        if (!Directory.Exists(path))
            yield break;
        foreach (var file in new DirectoryInfo(path).EnumerateFiles("*", SearchOption.AllDirectories))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (ObjectKeys.IsTemporary(file.Name))
                continue;
            long size;
            DateTimeOffset modified;
            try
            {
                size = file.Length;
                modified = new DateTimeOffset(file.LastWriteTimeUtc, TimeSpan.Zero);
            }
            catch (FileNotFoundException)
            {
                // Another process deleted it between the listing and the look: it is not there, so it is not listed.
                continue;
            }

            yield return new StoredObject(Path.GetRelativePath(_root, file.FullName).Replace(Path.DirectorySeparatorChar, '/'), size) { Modified = modified };
        }
    }

    /// <inheritdoc />
    public Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            var path = PathOf(key);
            if (File.Exists(path))
                File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Translate(exception, key);
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private string PathOf(string key) => Path.Combine(_root, key.Replace('/', Path.DirectorySeparatorChar));

    private static void CreateFolder(string path)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, OwnerFolder);
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The failure that led here is the one to report; a leftover temporary file is ignored by every reader.
        }
    }

    // A network share that went away: ERROR_BAD_NETPATH, ERROR_UNEXP_NET_ERR, ERROR_NETNAME_DELETED, ERROR_SEM_TIMEOUT and
    // ERROR_NETWORK_UNREACHABLE on Windows; ENOTCONN, ETIMEDOUT, EHOSTDOWN, EHOSTUNREACH and ESTALE on Linux.
    private static bool IsNetworkFailure(Exception exception)
    {
        var code = exception.HResult & 0xFFFF;
        return OperatingSystem.IsWindows() ? code is 53 or 59 or 64 or 121 or 1231 : code is 107 or 110 or 112 or 113 or 116;
    }

    private StorageException Translate(Exception exception, string? key)
    {
        // HRESULT of ERROR_DISK_FULL (0x70) and ERROR_HANDLE_DISK_FULL (0x27) on Windows, errno ENOSPC (28) and EDQUOT (122) elsewhere.
        var full = exception is IOException && (exception.HResult & 0xFFFF) is 0x70 or 0x27 or 28 or 122;
        var kind = exception switch
        {
            FileNotFoundException or DirectoryNotFoundException => StorageErrorKind.NotFound,
            UnauthorizedAccessException => StorageErrorKind.AccessDenied,
            _ when full => StorageErrorKind.Full,
            _ when IsNetworkFailure(exception) => StorageErrorKind.Unreachable,
            _ => StorageErrorKind.Other,
        };
        return new StorageException(kind, Location, key, exception.Message, exception);
    }
}
