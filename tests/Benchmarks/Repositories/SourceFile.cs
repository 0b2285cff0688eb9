using KlarKonform.Backup.Storage;
using Microsoft.Win32.SafeHandles;

namespace KlarKonform.Backup.Benchmarks.Repositories;

/// <summary>A local file, read on the caller's thread: the page cache returns data sooner than another thread could be asked.</summary>
internal sealed class SourceFile(string path) : ForwardReadStream
{
    private readonly SafeFileHandle _file = File.OpenHandle(
        path,
        FileMode.Open,
        FileAccess.Read,
        FileShare.Read,
        FileOptions.SequentialScan
    );
    private long _position;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = RandomAccess.Read(_file, buffer.Span, _position);
        _position += read;
        return ValueTask.FromResult(read);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _file.Dispose();
        base.Dispose(disposing);
    }
}
