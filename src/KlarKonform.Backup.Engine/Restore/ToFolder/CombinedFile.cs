using System.Text;

namespace KlarKonform.Backup.Engine.Restore.ToFolder;

/// <summary>
/// A file that many items are written to: mbox (RFC 4155, with the quoting of mboxrd), iCalendar, vCard or CSV. It gets its name when it is
/// complete; until then it is called <c>.part</c>. An item is written completely or not at all: one that cannot be converted affects only
/// itself. Not thread-safe.
/// </summary>
internal abstract class CombinedFile(string path, bool overwrite) : IAsyncDisposable
{
    private readonly string _temporary = $"{path}.{Guid.NewGuid().ToString("N")[..8]}.part";
    private FileStream? _stream;

    /// <summary>Path of the file.</summary>
    public string Path => path;

    /// <summary>Whether it is skipped, because it already exists.</summary>
    public bool IsSkipped { get; init; }

    /// <summary>What comes before the first item.</summary>
    protected virtual string Head => "";

    /// <summary>What comes after the last item.</summary>
    protected virtual string Tail => "";

    /// <summary>Adds an item.</summary>
    /// <exception cref="FormatException">The item is malformed; the file is unchanged. The same holds for any other exception except disk
    /// errors.</exception>
    /// <exception cref="IOException">The disk refuses it, and the file is lost.</exception>
    public async Task AddAsync(byte[] content, DateTimeOffset time, CancellationToken cancellationToken)
    {
        using var item = new MemoryStream(content.Length + 256);
        Write(item, content, time);
        if (_stream is null)
        {
            _stream = new FileStream(_temporary, FileMode.CreateNew, FileAccess.Write, FileShare.Read, 1 << 16, useAsync: true);
            await _stream.WriteAsync(Encoding.UTF8.GetBytes(Head), cancellationToken);
        }

        item.Position = 0;
        await item.CopyToAsync(_stream, cancellationToken);
    }

    /// <summary>Gives the file its name.</summary>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        if (IsSkipped || _stream is null)
            return;
        await _stream.WriteAsync(Encoding.UTF8.GetBytes(Tail), cancellationToken);
        await _stream.DisposeAsync();
        File.Move(_temporary, path, overwrite);
        _stream = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_stream is null)
            return;
        try
        {
            await _stream.DisposeAsync();
        }
        catch (IOException)
        {
            // Items that were not written have been reported.
        }

        File.Delete(_temporary);
        _stream = null;
    }

    /// <summary>Writes an item in the file's format.</summary>
    /// <param name="target">Receives it; if this throws, nothing is added to the file.</param>
    /// <param name="content">The item as it is stored.</param>
    /// <param name="time">Its time.</param>
    protected abstract void Write(MemoryStream target, byte[] content, DateTimeOffset time);
}
