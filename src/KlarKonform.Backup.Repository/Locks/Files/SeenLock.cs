using KlarKonform.Backup.Repository.Format;

namespace KlarKonform.Backup.Repository.Locks.Files;

/// <summary>A file below <c>locks/</c>, and since when this process has seen it there.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Size">Its bytes.</param>
/// <param name="Stored">When it was stored, by the storage's clock; null where nobody knows.</param>
/// <param name="Since">When it was first seen, by <see cref="TimeProvider.GetTimestamp"/>. A lock that is renewed becomes another file, so it was not renewed since then.</param>
/// <param name="Before">The last look at which it was not there yet: it was written after that. Null: it was there at the first one.</param>
internal sealed record SeenLock(BlobId Id, long Size, DateTimeOffset? Stored, long Since, long? Before)
{
    /// <summary>What it says; null: it is empty, or cannot be read.</summary>
    public LockFile? File { get; init; }

    /// <summary>Why it cannot be read.</summary>
    public string? Fault { get; init; }

    /// <summary>An upload that was cut at a storage whose uploads are not atomic leaves an empty file; restic passes over them (checkForOtherLocks).</summary>
    public bool IsEmpty => Size == 0;
}
