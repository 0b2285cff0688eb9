using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Storage.Folder;
using Microsoft.Win32.SafeHandles;

namespace KlarKonform.Backup.Repository.Restoring;

/// <summary>
/// Writes files of a snapshot to the local disk, pack by pack. A file gets its name when all its bytes are written, each of them
/// authenticated: until then it is called <c>.part</c>, and a file that could not be read completely never gets its name.
/// </summary>
/// <param name="repository">An opened repository whose index is loaded.</param>
/// <param name="parallel">How many packs to read concurrently.</param>
public sealed class FileRestorer(ResticRepository repository, int parallel)
{
    // NTFS times begin here (FILETIME).
    private static readonly DateTime s_firstTime = new(1601, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    // FAT times have a resolution of two seconds.
    private static readonly TimeSpan s_coarsest = TimeSpan.FromSeconds(2);

    private readonly BatchReader _reader = new(repository, parallel);

    /// <summary>Restores files; each is reported once, from any thread.</summary>
    /// <param name="files">Files of distinct paths. Their nodes are held in memory: pass about ten thousand at a time.</param>
    /// <param name="done">Is told of every file: null if it exists now, otherwise why not. <see cref="RepositoryException"/> means the
    /// repository, <see cref="IOException"/> and <see cref="UnauthorizedAccessException"/> mean the local disk; anything else concerns only
    /// the file.</param>
    /// <param name="cancellationToken">Cancels the call; unfinished files are removed.</param>
    /// <param name="untimed">Is told, before <paramref name="done"/>, of a file that was written completely but without the original's
    /// time, and why.</param>
    public async Task RestoreAsync(
        IReadOnlyCollection<FileToRestore> files,
        Action<FileToRestore, Exception?> done,
        CancellationToken cancellationToken,
        Action<FileToRestore, Exception>? untimed = null
    )
    {
        var places = new Dictionary<BlobId, List<(OpenFile File, long Offset)>>();
        var open = new List<OpenFile>();
        var order = new List<BlobId>();
        foreach (var file in files)
        {
            var target = new OpenFile(file, done, untimed);
            open.Add(target);
            long offset = 0;
            foreach (var id in file.Node.Content ?? [])
            {
                if (!repository.Index.Blobs.TryFind(BlobHandle.Data(id), out _, out var blob))
                {
                    target.Fail(
                        new RepositoryException(
                            RepositoryErrorKind.Missing,
                            $"The blob {id}, a piece of '{file.Node.Name}', is not in the repository's index."
                        )
                    );
                    break;
                }

                if (!places.TryGetValue(id, out var wanted))
                {
                    places.Add(id, wanted = []);
                    order.Add(id);
                }

                wanted.Add((target, offset));
                offset += blob.PlainLength;
            }

            target.SetLength(offset);
        }

        try
        {
            await _reader
                .ReadAsync(
                    order,
                    (id, plain, token) =>
                    {
                        foreach (var (file, offset) in places[id])
                            file.Write(plain.Span, offset);
                        return ValueTask.CompletedTask;
                    },
                    (id, exception) =>
                    {
                        foreach (var (file, _) in places[id])
                            file.Fail(exception);
                    },
                    cancellationToken
                )
                .ConfigureAwait(false);
        }
        finally
        {
            foreach (var file in open)
                file.Dispose();
        }
    }

    /// <summary>A file being assembled. Thread-safe.</summary>
    private sealed class OpenFile(FileToRestore file, Action<FileToRestore, Exception?> done, Action<FileToRestore, Exception>? untimed)
        : IDisposable
    {
        private readonly string _temporary = $"{file.Path}.{Guid.NewGuid().ToString("N")[..8]}.part";
        private readonly object _gate = new();
        private SafeFileHandle? _handle;
        private long _left = -1;
        private bool _ended;

        /// <summary>Sets how much is to come; an empty file is finished at once.</summary>
        public void SetLength(long length)
        {
            lock (_gate)
            {
                _left = length;
                if (length == 0)
                    Attempt(() => Open(0));
            }
        }

        public void Write(ReadOnlySpan<byte> content, long offset)
        {
            lock (_gate)
            {
                if (_ended)
                    return;
                try
                {
                    DiskWrites.Write(Open(_left), content, offset);
                    _left -= content.Length;
                    if (_left == 0)
                        Finish();
                }
                catch (Exception exception)
                {
                    Fail(exception); // Whatever it is, it concerns only this file: the others continue.
                }
            }
        }

        public void Fail(Exception exception)
        {
            lock (_gate)
            {
                if (_ended)
                    return;
                Abandon();
                done(file, exception);
            }
        }

        public void Dispose()
        {
            lock (_gate)
            {
                if (!_ended)
                    Abandon();
            }
        }

        private void Attempt(Action open)
        {
            if (_ended)
                return;
            try
            {
                open();
                Finish();
            }
            catch (Exception exception)
            {
                Fail(exception);
            }
        }

        private SafeFileHandle Open(long length) =>
            _handle ??= File.OpenHandle(
                _temporary,
                FileMode.CreateNew,
                FileAccess.Write,
                FileShare.None,
                FileOptions.None,
                length > BatchReader.MaxRange ? length : 0
            );

        private void Finish()
        {
            _handle!.Dispose();
            File.Move(_temporary, file.Path, file.Overwrite);
            _ended = true;
            SetTime();
            done(file, null);
        }

        // The content is what matters. Shares with another owner refuse every time, and file systems support neither year 1 nor year 9999:
        // Windows begins in 1601 and throws, and ext4 silently stores another time.
        private void SetTime()
        {
            var time = file.Node.ModTime.Moment.UtcDateTime;
            try
            {
                if (time < s_firstTime)
                    throw new ArgumentOutOfRangeException(null, $"No file system holds the year {time.Year}.");
                File.SetLastWriteTimeUtc(file.Path, time);
                if ((File.GetLastWriteTimeUtc(file.Path) - time).Duration() > s_coarsest)
                    throw new IOException("The file system stored another time.");
            }
            catch (Exception exception) when (exception is IOException or ArgumentException or UnauthorizedAccessException)
            {
                untimed?.Invoke(file, exception);
            }
        }

        private void Abandon()
        {
            _ended = true;
            if (_handle is null)
                return;
            _handle.Dispose();
            try
            {
                File.Delete(_temporary);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // The failure that led here is the one to report; the file's name shows that it is incomplete.
            }
        }
    }
}
