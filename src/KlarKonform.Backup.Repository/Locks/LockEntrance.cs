using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Locks.Files;

namespace KlarKonform.Backup.Repository.Locks;

/// <summary>
/// The way to a lock: existing locks are examined, watched if their time says that they may be dead, and removed if they are not renewed.
/// Locks that are not in the way are not waited for. Used by one caller.
/// </summary>
/// <param name="shelf">The lock files.</param>
/// <param name="judge">Decides who is alive.</param>
/// <param name="time">Clock and pauses.</param>
/// <param name="exclusive">Whether all other locks are in the way.</param>
/// <param name="purpose">What the lock is for.</param>
/// <param name="watching">Is told what is being waited for.</param>
internal sealed class LockEntrance(
    LockDirectory shelf,
    LockJudge judge,
    TimeProvider time,
    bool exclusive,
    string? purpose,
    IProgress<LockWatch>? watching
)
{
    // A living owner is seen to renew, and then the wait ends.
    private static readonly TimeSpan s_lookEvery = TimeSpan.FromSeconds(15);

    // Like restic (checkForOtherLocks): an unreadable lock is tried four times, with pauses of 5, 10 and 20 seconds.
    private const int MaxReads = 4;
    private static readonly TimeSpan s_firstPause = TimeSpan.FromSeconds(5);

    private readonly HashSet<BlobId> _removed = [];

    /// <summary>Returns when no lock is in the way.</summary>
    /// <param name="own">The caller's own lock, if it is written already.</param>
    /// <param name="watch">Whether to wait until it is known whether silent locks are dead.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.Locked"/>, <see cref="RepositoryErrorKind.PurposeTaken"/> or
    /// <see cref="RepositoryErrorKind.LockUnreadable"/>.</exception>
    public async Task PassAsync(BlobId own, bool watch, CancellationToken cancellationToken)
    {
        for (var reads = 1; ; )
        {
            SeenLock? unreadable = null,
                watched = null;
            TimeSpan left = default;
            var removed = false;
            foreach (var seen in await shelf.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                if (seen.Id == own || _removed.Contains(seen.Id))
                    continue;
                var (evidence, toWatch) = judge.Judge(seen);
                if (toWatch == TimeSpan.Zero)
                {
                    // Whether in the way or not: left alone it would keep stock restic out until an unlock.
                    await shelf.DeleteAsync(seen.Id, cancellationToken).ConfigureAwait(false);
                    removed = _removed.Add(seen.Id);
                }
                else if (seen.IsEmpty || (seen.File is { } file && !IsInTheWay(file)))
                {
                    continue;
                }
                else if (seen.File is not null && (toWatch is null || !watch))
                {
                    throw Taken(seen.File, evidence);
                }
                else if (toWatch is null || !watch)
                {
                    unreadable = seen;
                }
                else if (toWatch > left)
                {
                    (watched, left) = (seen, toWatch.Value);
                }
            }

            if (unreadable is not null)
            {
                if (reads == MaxReads)
                    throw new RepositoryException(RepositoryErrorKind.LockUnreadable, unreadable.Fault!)
                    {
                        File = RepositoryLayout.Key(RepositoryFile.Lock, unreadable.Id),
                    };
                await Task.Delay(s_firstPause * (1 << (reads++ - 1)), time, cancellationToken).ConfigureAwait(false);
            }
            else if (watched is not null)
            {
                watching?.Report(
                    new LockWatch(watched.File is { } file ? file.ToHolder() with { Evidence = LockEvidence.Silent } : null, left)
                );
                await Task.Delay(left < s_lookEvery ? left : s_lookEvery, time, cancellationToken).ConfigureAwait(false);
            }
            else if (!removed)
            {
                return;
            }

            // After a removal too: an owner who renewed at that moment has a new lock by now.
        }
    }

    private bool IsInTheWay(LockFile other) => exclusive || other.Exclusive || IsSamePurpose(other);

    private bool IsSamePurpose(LockFile other) =>
        purpose is not null && other.Purpose is not null && LockPurpose.Overlap(other.Purpose, purpose);

    private RepositoryException Taken(LockFile other, LockEvidence evidence) =>
        new(
            IsSamePurpose(other) ? RepositoryErrorKind.PurposeTaken : RepositoryErrorKind.Locked,
            $"The repository is locked by process {other.Pid} of '{other.Username}' on '{other.Computer}' since "
                + $"{other.Taken.UtcDateTime:u}.",
            other.ToHolder() with
            {
                Evidence = evidence,
            }
        );
}
