using System.Buffers;
using System.Globalization;
using System.Threading.Channels;
using KlarKonform.Backup.Storage.Folder;

namespace KlarKonform.Backup.WhatsApp.Receiving;

/// <summary>
/// Writes webhooks durably: what arrived while the disk was busy is written together, with one flush, and only then confirmed. Files are
/// this process's own; a new one is started by size, by age, and after every failure. Thread-safe.
/// </summary>
public sealed class SpoolWriter : IAsyncDisposable
{
    private const long MaxFile = 16 << 20;
    private const int MaxTogether = 512;
    private const UnixFileMode OwnerFolder = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private static readonly TimeSpan s_maxAge = TimeSpan.FromHours(1);

    private readonly string _folder;
    private readonly TimeProvider _time;
    private readonly Channel<Waiting> _waiting = Channel.CreateBounded<Waiting>(MaxTogether * 2);
    private readonly Task _writing;
    private readonly ArrayBufferWriter<byte> _buffer = new(1 << 16);
    private FileStream? _file;
    private DateTimeOffset _begun;

    /// <summary>Writes below a folder, which is created for the current user only if it is missing.</summary>
    /// <exception cref="IOException">The folder cannot be created.</exception>
    /// <exception cref="UnauthorizedAccessException">Creating it is not permitted.</exception>
    public SpoolWriter(string folder, TimeProvider time)
    {
        (_folder, _time) = (Path.GetFullPath(folder), time);
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(_folder);
        else
            Directory.CreateDirectory(_folder, OwnerFolder);
        _writing = Task.Factory.StartNew(WriteAll, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Stores a webhook; returns when it is on the disk.</summary>
    /// <exception cref="IOException">It could not be stored.</exception>
    public async Task AppendAsync(ReadOnlyMemory<byte> body, string signature, CancellationToken cancellationToken)
    {
        var waiting = new Waiting(
            body,
            signature,
            _time.GetUtcNow(),
            new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
        );
        try
        {
            await _waiting.Writer.WriteAsync(waiting, cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException exception)
        {
            throw new IOException(exception.InnerException?.Message ?? exception.Message, exception);
        }

        await waiting.Done.Task.ConfigureAwait(false);
    }

    /// <summary>Writes what is waiting, and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // The waiting callers have received the error.
    }

    // A thread of its own: it waits for the disk most of the time. Whatever ends it, no caller is left waiting.
    private void WriteAll()
    {
        try
        {
            WriteWhatComes();
        }
        catch (Exception exception)
        {
            _waiting.Writer.TryComplete(new IOException(exception.Message, exception));
            while (_waiting.Reader.TryRead(out var each))
                each.Done.TrySetException(new IOException(exception.Message, exception));
            throw;
        }
    }

    private void WriteWhatComes()
    {
        var together = new List<Waiting>(MaxTogether);
        while (Next(together))
        {
            try
            {
                foreach (var each in together)
                    SpoolFormat.Write(_buffer, each.Received, each.Signature, each.Body.Span);
                Open();
                _file!.Write(_buffer.WrittenSpan);
                _file.Flush(flushToDisk: true);
                foreach (var each in together)
                    each.Done.TrySetResult();
            }
            catch (Exception exception)
            {
                // Whatever the error was, these are not on the disk, but the next ones may be.
                foreach (var each in together)
                    each.Done.TrySetException(exception is IOException ? exception : new IOException(exception.Message, exception));
                Close(); // It may end in the middle of a line: nothing is appended to it any more.
            }

            together.Clear();
            _buffer.ResetWrittenCount();
        }

        Close();
    }

    private bool Next(List<Waiting> together)
    {
        while (!_waiting.Reader.TryPeek(out _))
        {
            if (!_waiting.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
                return false;
        }

        while (together.Count < MaxTogether && _waiting.Reader.TryRead(out var each))
            together.Add(each);
        return true;
    }

    private void Open()
    {
        if (_file is not null && (_file.Length > MaxFile || _time.GetUtcNow() - _begun > s_maxAge))
            Close();
        if (_file is not null)
            return;
        _begun = _time.GetUtcNow();
        var name = string.Create(
            CultureInfo.InvariantCulture,
            $"{_begun.UtcDateTime:yyyyMMdd'T'HHmmss}-{Guid.NewGuid():N}{SpoolFormat.Extension}"
        );
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.Read | FileShare.Delete,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        _file = new FileStream(Path.Combine(_folder, name), options);
        FolderSync.Flush(_folder);
    }

    private void Close()
    {
        try
        {
            _file?.Dispose();
        }
        catch (IOException)
        {
            // Nothing is buffered here: what was confirmed was flushed before.
        }

        _file = null;
    }

    private sealed record Waiting(ReadOnlyMemory<byte> Body, string Signature, DateTimeOffset Received, TaskCompletionSource Done);
}
