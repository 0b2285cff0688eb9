using System.Text;

namespace KlarKonform.Backup.Engine.Restore.Folder;

/// <summary>
/// A file that many items go into: mbox (RFC 4155, with the quoting of mboxrd), iCalendar, vCard or CSV. It has its name when it is
/// complete; until then it is called <c>.part</c>. Not thread-safe.
/// </summary>
internal abstract class CombinedFile(string path, bool overwrite) : IAsyncDisposable
{
    private readonly string _temporary = $"{path}.{Guid.NewGuid().ToString("N")[..8]}.part";
    private FileStream? _stream;

    /// <summary>The file.</summary>
    public string Path => path;

    /// <summary>Whether it is left alone, because it is there already.</summary>
    public bool IsSkipped { get; init; }

    protected Stream Stream => _stream ??= new FileStream(_temporary, FileMode.CreateNew, FileAccess.Write, FileShare.Read, 1 << 16, useAsync: true);

    /// <summary>Adds an item.</summary>
    public abstract Task AddAsync(byte[] content, DateTimeOffset time, CancellationToken cancellationToken);

    /// <summary>Gives the file its name.</summary>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        if (IsSkipped || _stream is null)
            return;
        await EndAsync(cancellationToken).ConfigureAwait(false);
        await _stream.DisposeAsync().ConfigureAwait(false);
        File.Move(_temporary, path, overwrite);
        _stream = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_stream is null)
            return;
        await _stream.DisposeAsync().ConfigureAwait(false);
        File.Delete(_temporary);
        _stream = null;
    }

    /// <summary>What comes after the last item.</summary>
    protected virtual Task EndAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    protected ValueTask WriteAsync(string text, CancellationToken cancellationToken) => Stream.WriteAsync(Encoding.UTF8.GetBytes(text), cancellationToken);
}
