using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Locks.Files;

namespace KlarKonform.Backup.Repository.Locks;

/// <summary>Lists a repository's locks, and removes those whose owners are dead. Used by one caller at a time.</summary>
public sealed class LockKeeper
{
    private static readonly TimeSpan s_lookEvery = TimeSpan.FromSeconds(15);

    private readonly LockDirectory _shelf;
    private readonly LockJudge _judge;
    private readonly TimeProvider _time;

    /// <summary>Works on an opened repository.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="time">Clock and pauses.</param>
    public LockKeeper(ResticRepository repository, TimeProvider time)
    {
        _shelf = new LockDirectory(repository, time);
        _judge = new LockJudge(time);
        _time = time;
    }

    /// <summary>Every lock file, including empty and unreadable ones.</summary>
    public async Task<IReadOnlyList<FoundLock>> ListAsync(CancellationToken cancellationToken) =>
        [.. (await _shelf.ReadAsync(cancellationToken).ConfigureAwait(false)).Select(seen => Describe(seen, _judge.Judge(seen)))];

    /// <summary>
    /// Removes the given locks that are dead. Where only time can tell, a lock is watched for the longest time between a living owner's
    /// renewals: half an hour.
    /// </summary>
    /// <param name="ids">The locks.</param>
    /// <param name="watching">Is told which lock is being watched, and for how much longer.</param>
    /// <param name="cancellationToken">Cancels the wait; what was removed stays removed.</param>
    /// <returns>The locks after that. One that its owner renewed has another id, and is <see cref="LockEvidence.Vanished"/>.</returns>
    public async Task<IReadOnlyList<FoundLock>> RemoveDeadAsync(
        IReadOnlyCollection<BlobId> ids,
        IProgress<LockWatch>? watching,
        CancellationToken cancellationToken
    )
    {
        var pending = ids.ToHashSet();
        var done = new List<FoundLock>();
        while (true)
        {
            SeenLock? watched = null;
            TimeSpan left = default;
            var present = (await _shelf.ReadAsync(cancellationToken).ConfigureAwait(false)).ToDictionary(seen => seen.Id);
            foreach (var id in pending.ToArray())
            {
                if (!present.TryGetValue(id, out var seen))
                {
                    done.Add(new FoundLock(id, null, LockEvidence.Vanished, null));
                    pending.Remove(id);
                    continue;
                }

                var judged = _judge.Judge(seen);
                if (judged.Watch is { } watch && watch > TimeSpan.Zero)
                {
                    if (watch > left)
                        (watched, left) = (seen, watch);
                    continue;
                }

                if (judged.Watch is not null)
                    await _shelf.DeleteAsync(id, cancellationToken).ConfigureAwait(false);
                done.Add(Describe(seen, judged) with { IsRemoved = judged.Watch is not null });
                pending.Remove(id);
            }

            if (watched is null)
                return done;
            watching?.Report(new LockWatch(watched.File is { } file ? file.ToHolder() : null, left));
            await Task.Delay(left < s_lookEvery ? left : s_lookEvery, _time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Removes a lock, whatever is known about its owner: only for callers that know more. A living owner notices before the next snapshot.
    /// </summary>
    public Task RemoveAsync(BlobId id, CancellationToken cancellationToken) => _shelf.DeleteAsync(id, cancellationToken);

    private static FoundLock Describe(SeenLock seen, (LockEvidence Evidence, TimeSpan? Watch) judged) =>
        new(seen.Id, seen.File is { } file ? file.ToHolder() with { Evidence = judged.Evidence } : null, judged.Evidence, seen.Stored)
        {
            MayBeDead = judged.Watch is not null,
        };
}
