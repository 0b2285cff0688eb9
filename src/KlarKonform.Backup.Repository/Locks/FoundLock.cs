using KlarKonform.Backup.Repository.Format;

namespace KlarKonform.Backup.Repository.Locks;

/// <summary>A file below <c>locks/</c> and what is known about its owner.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Holder">Who wrote it; null if it is empty or cannot be read.</param>
/// <param name="Evidence">What is known.</param>
/// <param name="Stored">When it was stored, by the storage's clock; null if unknown.</param>
public sealed record FoundLock(BlobId Id, LockHolder? Holder, LockEvidence Evidence, DateTimeOffset? Stored)
{
    /// <summary>Whether <see cref="LockKeeper.RemoveDeadAsync"/> can do something about it: watch it, or remove it at once.</summary>
    public bool MayBeDead { get; init; }

    /// <summary>Whether it was removed.</summary>
    public bool IsRemoved { get; init; }
}
