using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.WhatsApp.Media;

/// <summary>A media file's bytes; if the connection breaks or falls silent, reading resumes where it stopped.</summary>
/// <param name="first">The file from its beginning.</param>
/// <param name="reopen">Opens the file at a byte.</param>
/// <param name="time">Clock for pauses.</param>
internal sealed class MediaStream(Stream first, Func<long, CancellationToken, Task<Stream>> reopen, TimeProvider time) : ForwardReadStream
{
    // Attempts without a single new byte in between.
    private const int Attempts = 4;

    private Stream? _current = first;
    private long _position;

    /// <exception cref="WhatsAppException">Unreachable, or Meta's error when the file is requested again.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                _current ??= await reopen(_position, cancellationToken).ConfigureAwait(false);
                var read = await _current.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
                _position += read;
                return read;
            }
            catch (Exception exception) when (exception is IOException or HttpRequestException)
            {
                Drop();
                if (attempt == Attempts)
                    throw new WhatsAppException(WhatsAppErrorKind.Unreachable, exception.Message, exception);
            }

            await Task.Delay(TimeSpan.FromSeconds(Math.Pow(2, attempt - 1)), time, cancellationToken).ConfigureAwait(false);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            Drop();
        base.Dispose(disposing);
    }

    private void Drop()
    {
        _current?.Dispose();
        _current = null;
    }
}
