using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Repository.Index;

/// <summary>
/// Index files that are listed and not read yet. They are read smallest first until the wanted blob is found: trees and state have small
/// index files of their own (<see cref="IndexJson.MetadataBlobsPerIndex"/>), so a run on a machine without a cache reads little of a
/// large repository's index. Thread-safe.
/// </summary>
internal sealed class IndexBacklog : IDisposable
{
    private readonly AsyncLock _gate = new();
    private readonly Queue<ListedFile> _files;
    private readonly Func<BlobId, CancellationToken, Task> _read;
    private long _bytes;

    /// <param name="files">The files.</param>
    /// <param name="read">Adds a file's content to the index.</param>
    public IndexBacklog(IEnumerable<ListedFile> files, Func<BlobId, CancellationToken, Task> read)
    {
        _files = new Queue<ListedFile>(files.OrderBy(file => file.Size));
        _read = read;
        _bytes = _files.Sum(file => file.Size);
    }

    /// <summary>Bytes of the files that have not been read.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Reads file after file until the condition holds or none is left.</summary>
    public async Task ReadUntilAsync(Func<bool> found, CancellationToken cancellationToken)
    {
        if (Bytes == 0 || found())
            return;
        using var turn = await _gate.EnterAsync(cancellationToken).ConfigureAwait(false);
        while (!found() && _files.TryPeek(out var next))
        {
            await _read(next.Id, cancellationToken).ConfigureAwait(false);
            _files.Dequeue();
            Interlocked.Add(ref _bytes, -next.Size);
        }
    }

    public void Dispose() => _gate.Dispose();
}
