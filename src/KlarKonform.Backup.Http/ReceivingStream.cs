using System.Globalization;

namespace KlarKonform.Backup.Http;

/// <summary>
/// A body that does not let its reader wait for ever. Only the time during which a read is pending counts, so a reader that is busy
/// elsewhere, because the storage is slow, loses nothing. One reader at a time, as with any stream.
/// </summary>
internal sealed class ReceivingStream(Stream inner, TimeSpan silence, TimeProvider time, Action? moved) : Stream
{
    // One for all reads of the stream, with one timer that runs only while a read waits. A read that was cancelled makes the stream
    // unusable, like the connection below it.
    private readonly CancellationTokenSource _end = new(Timeout.InfiniteTimeSpan, time);
    private bool _waiting;

    public override bool CanRead => inner.CanRead;

    public override bool CanSeek => inner.CanSeek;

    public override bool CanWrite => false;

    public override long Length => inner.Length;

    public override long Position
    {
        get => inner.Position;
        set => inner.Position = value;
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<int>(cancellationToken);
        var reading = inner.ReadAsync(buffer, _end.Token);
        if (!reading.IsCompletedSuccessfully)
            return WaitAsync(reading, cancellationToken);
        var read = reading.Result;
        if (read > 0)
            moved?.Invoke();
        return ValueTask.FromResult(read);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    // XML parsers read this way. A thread waits in either case; this way it can be told that nothing will come.
    public override int Read(byte[] buffer, int offset, int count) =>
        ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override void Flush() { }

    public override long Seek(long offset, SeekOrigin origin) => inner.Seek(offset, origin);

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();

            // Under a pending read it stays; that read ends now, and without a running timer nothing keeps it alive.
            if (!_waiting)
                _end.Dispose();
        }

        base.Dispose(disposing);
    }

    private async ValueTask<int> WaitAsync(ValueTask<int> reading, CancellationToken cancellationToken)
    {
        _waiting = true;
        _end.CancelAfter(silence);
        var caller = cancellationToken.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _end);
        try
        {
            var read = await reading.ConfigureAwait(false);
            if (read > 0)
                moved?.Invoke();
            return read;
        }
        catch (Exception exception) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(exception.Message, exception, cancellationToken);
        }
        catch (Exception exception) when (_end.IsCancellationRequested)
        {
            var text = string.Create(
                CultureInfo.InvariantCulture,
                $"The line was silent for {silence.TotalSeconds:0.#} seconds in the middle of an answer."
            );
            throw new IOException(text, new TimeoutException(text, exception));
        }
        finally
        {
            await caller.DisposeAsync().ConfigureAwait(false);
            _end.CancelAfter(Timeout.InfiniteTimeSpan);
            _waiting = false;
        }
    }
}
