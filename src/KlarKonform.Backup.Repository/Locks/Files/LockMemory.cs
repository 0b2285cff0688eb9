using System.Collections.Concurrent;
using KlarKonform.Backup.Repository.Format;

namespace KlarKonform.Backup.Repository.Locks.Files;

/// <summary>
/// What this process has seen below <c>locks/</c>, and when: a file never changes, so it is read once, and how long it has existed shows
/// whether it is being renewed. Thread-safe.
/// </summary>
internal sealed class LockMemory
{
    private readonly ConcurrentDictionary<BlobId, SeenLock> _seen = new();
    private readonly object _gate = new();
    private long? _looked;

    /// <summary>Records a listing.</summary>
    /// <param name="listed">Ids, sizes and the storage's times of the listed files.</param>
    /// <param name="began">When the listing began, by <see cref="TimeProvider.GetTimestamp"/>.</param>
    public IReadOnlyList<SeenLock> Note(IReadOnlyCollection<(BlobId Id, long Size, DateTimeOffset? Stored)> listed, long began)
    {
        lock (_gate)
        {
            foreach (var gone in _seen.Keys.Except(listed.Select(each => each.Id)).ToArray())
                _seen.TryRemove(gone, out _);
            SeenLock New((BlobId Id, long Size, DateTimeOffset? Stored) file) => new(file.Id, file.Size, file.Stored, began, _looked);

            // Where uploads are not atomic, a file is empty at first.
            var seen = listed
                .Select(each => _seen.AddOrUpdate(each.Id, _ => New(each), (_, known) => known.Size == each.Size ? known : New(each)))
                .ToArray();
            _looked = began;
            return seen;
        }
    }

    /// <summary>Records a file's content.</summary>
    /// <param name="seen">The record of the file.</param>
    /// <param name="read">The same with its content.</param>
    public void Keep(SeenLock seen, SeenLock read) => _seen.TryUpdate(seen.Id, read, seen);
}
