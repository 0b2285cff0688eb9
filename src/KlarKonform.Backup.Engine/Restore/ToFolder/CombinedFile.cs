using System.Text;

namespace KlarKonform.Backup.Engine.Restore.ToFolder;

/// <summary>
/// A file that many items go into: mbox (RFC 4155, with the quoting of mboxrd), iCalendar, vCard or CSV. It has its name when it is
/// complete; until then it is called <c>.part</c>. An item is written whole or not at all: one that cannot be brought into the form costs
/// itself alone. Not thread-safe.
/// </summary>
internal abstract class CombinedFile(string path, bool overwrite) : IAsyncDisposable
{
    private readonly string _temporary = $"{path}.{Guid.NewGuid().ToString("N")[..8]}.part";
    private FileStream? _stream;

    /// <summary>The file.</summary>
    public string Path => path;

    /// <summary>Whether it is left alone, because it is there already.</summary>
    public bool IsSkipped { get; init; }

    /// <summary>What comes before the first item.</summary>
    protected virtual string Head => "";

    /// <summary>What comes after the last item.</summary>
    protected virtual string Tail => "";

    /// <summary>Adds an item.</summary>
    /// <exception cref="FormatException">The item is not what it should be, and the file is as before; so with any other exception but those of the disk.</exception>
    /// <exception cref="IOException">The disk does not take it, and the file is lost.</exception>
    public async Task AddAsync(byte[] content, DateTimeOffset time, CancellationToken cancellationToken)
    {
        using var item = new MemoryStream(content.Length + 256);
        Write(item, content, time);
        if (_stream is null)
        {
            _stream = new FileStream(_temporary, FileMode.CreateNew, FileAccess.Write, FileShare.Read, 1 << 16, useAsync: true);
            await _stream.WriteAsync(Encoding.UTF8.GetBytes(Head), cancellationToken).ConfigureAwait(false);
        }

        item.Position = 0;
        await item.CopyToAsync(_stream, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gives the file its name.</summary>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        if (IsSkipped || _stream is null)
            return;
        await _stream.WriteAsync(Encoding.UTF8.GetBytes(Tail), cancellationToken).ConfigureAwait(false);
        await _stream.DisposeAsync().ConfigureAwait(false);
        File.Move(_temporary, path, overwrite);
        _stream = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_stream is null)
            return;
        try
        {
            await _stream.DisposeAsync().ConfigureAwait(false);
        }
        catch (IOException)
        {
            // What was not written has been reported.
        }

        File.Delete(_temporary);
        _stream = null;
    }

    /// <summary>Writes an item in the file's form.</summary>
    /// <param name="target">Takes it; nothing of it reaches the file if this throws.</param>
    /// <param name="content">The item as it is stored.</param>
    /// <param name="time">Its time.</param>
    protected abstract void Write(MemoryStream target, byte[] content, DateTimeOffset time);
}
