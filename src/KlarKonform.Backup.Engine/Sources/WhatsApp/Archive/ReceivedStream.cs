using KlarKonform.Backup.Storage;
using KlarKonform.Backup.WhatsApp;

namespace KlarKonform.Backup.Engine.Sources.WhatsApp.Archive;

/// <summary>A download: if it breaks off, that is a failure of the download, not of the repository.</summary>
internal sealed class ReceivedStream(Stream inner, long? announced) : ForwardReadStream
{
    private long _read;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int read;
        try
        {
            read = await inner.ReadAsync(buffer, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException)
        {
            throw new WhatsAppException(WhatsAppErrorKind.Unreachable, exception.Message, exception);
        }

        _read += read;
        return read == 0 && buffer.Length > 0 && announced is { } size && _read != size
            ? throw new WhatsAppException(WhatsAppErrorKind.IntegrityMismatch, $"{_read} bytes arrived, {size} were announced.")
            : read;
    }
}
