using KlarKonform.Backup.Repository.Format;

namespace KlarKonform.Backup.Repository.Locks;

/// <summary>A lock in the way is watched: if nobody renews it, it is taken for dead.</summary>
/// <param name="Holder">Whose it is; null when it cannot be read.</param>
/// <param name="Left">How much longer.</param>
public sealed record LockWatch(LockHolder? Holder, TimeSpan Left);
