using KlarKonform.Backup.Repository.Format;

namespace KlarKonform.Backup.Repository.Locks;

/// <summary>A lock in the way is being watched: if it is not renewed, it is taken for dead.</summary>
/// <param name="Holder">Its holder; null if it cannot be read.</param>
/// <param name="Left">How much longer it will be watched.</param>
public sealed record LockWatch(LockHolder? Holder, TimeSpan Left);
