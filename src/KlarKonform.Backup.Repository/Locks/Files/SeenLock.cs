using KlarKonform.Backup.Repository.Format;

namespace KlarKonform.Backup.Repository.Locks.Files;

/// <summary>A file below <c>locks/</c>, and since when this process has seen it.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Size">Its size in bytes.</param>
/// <param name="Stored">When it was stored, by the storage's clock; null if unknown.</param>
/// <param name="Since">When it was first seen, by <see cref="TimeProvider.GetTimestamp"/>. A lock that is renewed becomes another file, so
/// this one was not renewed since then.</param>
/// <param name="Before">The last look that did not find it: it was written after that. Null: the first look found it.</param>
internal sealed record SeenLock(BlobId Id, long Size, DateTimeOffset? Stored, long Since, long? Before)
{
    /// <summary>Its content; null if it is empty or cannot be read.</summary>
    public LockFile? File { get; init; }

    /// <summary>Why it cannot be read.</summary>
    public string? Fault { get; init; }

    /// <summary>
    /// An interrupted upload to storage without atomic uploads leaves an empty file; restic ignores it (checkForOtherLocks).
    /// </summary>
    public bool IsEmpty => Size == 0;
}
