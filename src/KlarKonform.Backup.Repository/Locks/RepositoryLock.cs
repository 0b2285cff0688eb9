using System.Runtime.CompilerServices;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Index;
using KlarKonform.Backup.Repository.Snapshots;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Repository.Locks;

/// <summary>
/// A lock that restic respects, and that respects restic's: writers share, a pruner excludes. It is renewed every five minutes
/// and counts as stale after thirty, both restic's figures (internal/repository/lock.go). One with a purpose also keeps out others
/// of the same purpose, and is renewed every minute, so that a dead owner is known within few minutes. Whoever was suspended for long may
/// have been taken for dead all the same: so a holder looks before he does what must not be done without it. Disposing removes it.
/// Thread-safe.
/// </summary>
public sealed class RepositoryLock : IAsyncDisposable, IIndexGuard
{
    /// <summary>A purpose's lock that was not renewed for so long, by the clock, is watched for a while and then taken for dead.</summary>
    public static readonly TimeSpan SilentAfter = LockJudge.PurposeSilentAfter;

    /// <summary>A lock that could not be renewed for so long is given up: ten minutes before restic may call it stale, because clocks differ.</summary>
    public static readonly TimeSpan LostAfter = LockLease.LostAfter;

    private const int MaxAttempts = 3;

    // A lock that its owner saw, and that was not due to be renewed, is not removed within this: it would have been watched for longer.
    private static readonly TimeSpan s_trust = TimeSpan.FromSeconds(10);

    // Whoever lost his lock waits so long for the end of a prune, to find out whether what he wrote too late may stay.
    private static readonly TimeSpan s_longestPrune = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan s_lookAtPrune = TimeSpan.FromSeconds(5);

    // Two that started at the same moment step back; then one is first.
    private static readonly TimeSpan s_maxStepBack = TimeSpan.FromSeconds(2);

    private readonly ResticRepository _repository;
    private readonly LockLease _lease;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private Task _renewing = Task.CompletedTask;

    private RepositoryLock(ResticRepository repository, LockLease lease, bool exclusive, TimeProvider time)
    {
        _repository = repository;
        _lease = lease;
        _time = time;
        IsExclusive = exclusive;
    }

    /// <summary>Cancelled when the lock is gone or could not be renewed in time, so that nobody may rely on it any more.</summary>
    public CancellationToken Lost => _lease.Lost;

    /// <summary>What nobody foresaw and ended the renewal, and with it the lock; null when it was lost for other reasons, or is not lost.</summary>
    public Exception? Failure => _lease.Failure;

    /// <summary>Whether it keeps everybody else out.</summary>
    public bool IsExclusive { get; }

    /// <summary>
    /// Looks whether the lock is still there: to be called before what must not be done without it. After a machine slept, the timer
    /// that renews the lock may not have fired yet, while a pruner elsewhere removed what was written.
    /// </summary>
    /// <exception cref="OperationCanceledException">The lock is lost; <see cref="Lost"/> is cancelled.</exception>
    /// <exception cref="StorageException">Whether it is lost cannot be found out.</exception>
    public async Task ThrowIfLostAsync()
    {
        await _lease.LookAsync(CancellationToken.None).ConfigureAwait(false);
        Lost.ThrowIfCancellationRequested();
    }

    /// <summary>The same before each of many small steps: asks the storage only when that was not done for a while, by either of the machine's clocks.</summary>
    /// <exception cref="OperationCanceledException">The lock is lost; <see cref="Lost"/> is cancelled.</exception>
    /// <exception cref="StorageException">Whether it is lost cannot be found out.</exception>
    public async Task ThrowIfSleptAsync()
    {
        if (_lease.Unseen >= s_trust)
            await _lease.LookAsync(CancellationToken.None).ConfigureAwait(false);
        Lost.ThrowIfCancellationRequested();
    }

    /// <summary>
    /// Stores a snapshot under this lock, which is looked at before, and again when the snapshot is there: whoever removes a lock reads the
    /// snapshots after that, so a lock that is still there means that nobody prunes without knowing of this one. If it is gone, the
    /// snapshot, whose blobs may be gone with it, is taken back.
    /// </summary>
    /// <param name="snapshot">The snapshot; everything that it refers to is durable.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="OperationCanceledException">The lock is lost, and there is no snapshot.</exception>
    /// <exception cref="StorageException">It cannot be stored, or whether the lock is lost cannot be found out.</exception>
    public async Task<BlobId> SaveSnapshotAsync(Snapshot snapshot, CancellationToken cancellationToken)
    {
        await ThrowIfSleptAsync().ConfigureAwait(false);
        var id = await _repository.SaveSnapshotAsync(snapshot, cancellationToken).ConfigureAwait(false);
        if (await _lease.LookAsync(CancellationToken.None).ConfigureAwait(false))
            return id;
        await _repository.DeleteSnapshotAsync(id, CancellationToken.None).ConfigureAwait(false);
        throw new OperationCanceledException(Lost);
    }

    /// <summary>
    /// Stores an index under this lock. When this process slept meanwhile and has lost it, a pruner may have removed the packs: an index that
    /// names them would make later writers store nothing in their place, so it is taken back. If they are all there it stays, because others
    /// may have read it already.
    /// </summary>
    /// <param name="save">Stores it, and returns its name.</param>
    /// <param name="packs">The packs that it names.</param>
    /// <exception cref="OperationCanceledException">The lock is lost.</exception>
    /// <exception cref="StorageException">It cannot be stored, or whether the lock is lost cannot be found out.</exception>
    public async Task SaveIndexAsync(Func<Task<BlobId>> save, IReadOnlyCollection<BlobId> packs)
    {
        await ThrowIfSleptAsync().ConfigureAwait(false);
        var index = await save().ConfigureAwait(false);
        try
        {
            await ThrowIfSleptAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            if (!await MayStandAsync(packs).ConfigureAwait(false))
                await _repository.Store.DeleteAsync(RepositoryLayout.Key(RepositoryFile.Index, index), CancellationToken.None).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Takes the lock. When one that seems dead is in the way, this takes minutes: it is watched before it is removed.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="exclusive">Whether to keep everybody else out.</param>
    /// <param name="time">Clock and pauses.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="watching">Hears which lock is watched, and for how much longer.</param>
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.Locked"/>: another live lock excludes this one; or
    /// <see cref="RepositoryErrorKind.LockUnreadable"/>.</exception>
    public static async Task<RepositoryLock> AcquireAsync(
        ResticRepository repository, bool exclusive, TimeProvider time, CancellationToken cancellationToken, IProgress<LockWatch>? watching = null) =>
        (await TakeAsync(repository, exclusive, null, time, watching, isLast: true, cancellationToken).ConfigureAwait(false))!;

    /// <summary>
    /// Takes a shared lock that keeps out others of an overlapping purpose, on whatever machine. When the lock of a dead owner is in the way,
    /// this takes a little over a minute: it is watched before it is removed.
    /// </summary>
    /// <param name="repository">The repository.</param>
    /// <param name="purpose">What for; compared letter by letter as <see cref="LockPurpose"/> says, readable for everybody who has the repository's password.</param>
    /// <param name="time">Clock and pauses.</param>
    /// <param name="random">How long two that start at the same moment step back.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="watching">Hears which lock is watched, and for how much longer.</param>
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.PurposeTaken"/>, <see cref="RepositoryErrorKind.Locked"/> or
    /// <see cref="RepositoryErrorKind.LockUnreadable"/>.</exception>
    public static async Task<RepositoryLock> ClaimAsync(
        ResticRepository repository, string purpose, TimeProvider time, Random random, CancellationToken cancellationToken, IProgress<LockWatch>? watching = null)
    {
        for (var attempt = 1; ; attempt++)
        {
            if (await TakeAsync(repository, exclusive: false, purpose, time, watching, attempt == MaxAttempts, cancellationToken).ConfigureAwait(false) is { } held)
                return held;
            await Task.Delay(random.NextDouble() * s_maxStepBack, time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Who holds a lock now. Locks that are surely dead are left out, and so are files that cannot be read.</summary>
    public static async IAsyncEnumerable<LockHolder> HoldersAsync(ResticRepository repository, TimeProvider time, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var judge = new LockJudge(time);
        foreach (var seen in await new LockDirectory(repository, time).ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            var (evidence, _) = judge.Judge(seen);
            if (seen.File is { } file && evidence is not (LockEvidence.ProcessGone or LockEvidence.Abandoned))
                yield return file.ToHolder() with { Evidence = evidence };
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _renewing.ConfigureAwait(false);
        using var brief = new CancellationTokenSource(TimeSpan.FromSeconds(30), _time);
        try
        {
            await _lease.ReleaseAsync(brief.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is StorageException or OperationCanceledException)
        {
            // The storage is out of reach: nobody renews the lock any more, and whoever finds it sees that.
        }

        _stop.Dispose();
        _lease.Dispose();
    }

    /// <summary>Whether an index may be in a repository that belongs to others by now: all packs that it names are there. While somebody prunes, nobody knows that.</summary>
    internal async Task<bool> MayStandAsync(IReadOnlyCollection<BlobId> packs)
    {
        var shelf = new LockDirectory(_repository, _time);
        for (var waited = TimeSpan.Zero; waited < s_longestPrune; waited += s_lookAtPrune)
        {
            if (!(await shelf.ReadAsync(CancellationToken.None).ConfigureAwait(false)).Any(seen => seen.File is { Exclusive: true }))
                break;
            await Task.Delay(s_lookAtPrune, _time).ConfigureAwait(false);
        }

        var missing = packs.ToHashSet();
        await foreach (var pack in _repository.ListAsync(RepositoryFile.Data, CancellationToken.None).ConfigureAwait(false))
            missing.Remove(pack);
        return missing.Count == 0;
    }

    // Null: another one of the same purpose wrote his lock before either looked again, so both stepped back.
    private static async Task<RepositoryLock?> TakeAsync(
        ResticRepository repository, bool exclusive, string? purpose, TimeProvider time, IProgress<LockWatch>? watching, bool isLast, CancellationToken cancellationToken)
    {
        var entrance = new LockEntrance(new LockDirectory(repository, time), new LockJudge(time), time, exclusive, purpose, watching);
        await entrance.PassAsync(default, watch: true, cancellationToken).ConfigureAwait(false);
        var lease = new LockLease(repository, exclusive, purpose, time);
        try
        {
            await lease.WriteAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                // Two programs may have looked at the same moment; after writing, each sees the other's lock.
                await entrance.PassAsync(lease.Id, watch: false, cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                await lease.ReleaseAsync(CancellationToken.None).ConfigureAwait(false);
                throw;
            }
        }
        catch (RepositoryException exception) when (exception.Kind == RepositoryErrorKind.PurposeTaken && !isLast)
        {
            lease.Dispose();
            return null;
        }
        catch
        {
            lease.Dispose();
            throw;
        }

        var held = new RepositoryLock(repository, lease, exclusive, time);
        held._renewing = lease.RenewUntilAsync(held._stop.Token);
        return held;
    }
}
