using System.IO.Hashing;

namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>Reads a ZIP entry and fails if its length or checksum is not as announced: .NET itself does not check the checksum.</summary>
internal sealed class AnnouncedStream(Stream inner, long announced, uint checksum) : Stream
{
    private readonly Crc32 _crc = new();
    private long _read;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => _read;
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            var count = await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            return Count(buffer.Span[..count], buffer.Length);
        }
        catch (InvalidDataException exception)
        {
            throw Damaged(exception);
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count)
    {
        try
        {
            return Count(buffer.AsSpan(offset, inner.Read(buffer, offset, count)), count);
        }
        catch (InvalidDataException exception)
        {
            throw Damaged(exception);
        }
    }

    public override void Flush() { }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }

    private static WhatsAppException Damaged(InvalidDataException exception) =>
        new(WhatsAppErrorKind.Incomplete, $"An entry of the ZIP is damaged: {exception.Message}", exception);

    private int Count(ReadOnlySpan<byte> bytes, int asked)
    {
        var count = bytes.Length;
        _read += count;
        _crc.Append(bytes);
        if (_read > announced)
            throw new WhatsAppException(WhatsAppErrorKind.Dangerous, "An entry of the ZIP holds more than it announces.");
        if (count == 0 && asked > 0 && _read < announced)
            throw new WhatsAppException(WhatsAppErrorKind.Incomplete, "An entry of the ZIP ends too early.");
        return count == 0 && asked > 0 && _crc.GetCurrentHashAsUInt32() != checksum
            ? throw new WhatsAppException(WhatsAppErrorKind.Incomplete, "An entry of the ZIP has another checksum than it announces.")
            : count;
    }
}
