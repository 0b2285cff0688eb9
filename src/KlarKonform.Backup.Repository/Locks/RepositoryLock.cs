using System.Runtime.CompilerServices;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Index;
using KlarKonform.Backup.Repository.Snapshots;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Repository.Locks;

/// <summary>
/// A lock that restic respects, and that respects restic's: writers share, a pruner excludes. It is renewed every five minutes and counts
/// as stale after thirty, both restic's values (internal/repository/lock.go). A lock with a purpose also excludes others with the same
/// purpose, and is renewed every minute, so that a dead owner is noticed within a few minutes. A process that was suspended for long may
/// have been taken for dead nevertheless: so a holder checks the lock before any step that must not happen without it. Disposing removes
/// it. Thread-safe.
/// </summary>
public sealed class RepositoryLock : IAsyncDisposable, IIndexGuard
{
    /// <summary>
    /// A lock with a purpose that was not renewed for this long, by the clock, is watched for a while and then taken for dead.
    /// </summary>
    public static readonly TimeSpan SilentAfter = LockJudge.PurposeSilentAfter;

    /// <summary>
    /// A lock that could not be renewed for this long is given up: ten minutes before restic may call it stale, because clocks differ.
    /// </summary>
    public static readonly TimeSpan LostAfter = LockLease.LostAfter;

    private const int MaxAttempts = 3;

    // A lock that its owner has seen, and that was not due to be renewed, is not removed within this time: it would have been watched for
    // longer.
    private static readonly TimeSpan s_trust = TimeSpan.FromSeconds(10);

    // A process that lost its lock waits this long for the end of a prune, to find out whether what it wrote too late may stay.
    private static readonly TimeSpan s_longestPrune = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan s_lookAtPrune = TimeSpan.FromSeconds(5);

    // Two that started at the same time step back; then one is first.
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

    /// <summary>Cancelled when the lock is gone or could not be renewed in time, so that nothing may rely on it any more.</summary>
    public CancellationToken Lost => _lease.Lost;

    /// <summary>
    /// The unforeseen error that ended the renewal, and with it the lock; null if it was lost for other reasons, or is not lost.
    /// </summary>
    public Exception? Failure => _lease.Failure;

    /// <summary>Whether it excludes everyone else.</summary>
    public bool IsExclusive { get; }

    /// <summary>
    /// Checks that the lock still exists: to be called before any step that must not happen without it. After a machine slept, the timer
    /// that renews the lock may not have fired yet, while a pruner elsewhere removed what was written.
    /// </summary>
    /// <exception cref="OperationCanceledException">The lock is lost; <see cref="Lost"/> is cancelled.</exception>
    /// <exception cref="StorageException">Whether it is lost cannot be determined.</exception>
    public async Task ThrowIfLostAsync()
    {
        await _lease.LookAsync(CancellationToken.None).ConfigureAwait(false);
        Lost.ThrowIfCancellationRequested();
    }

    /// <summary>
    /// The same before each of many small steps: asks the storage only if that was not done for a while, by either of the machine's clocks.
    /// </summary>
    /// <exception cref="OperationCanceledException">The lock is lost; <see cref="Lost"/> is cancelled.</exception>
    /// <exception cref="StorageException">Whether it is lost cannot be determined.</exception>
    public async Task ThrowIfSleptAsync()
    {
        if (_lease.Unseen >= s_trust)
            await _lease.LookAsync(CancellationToken.None).ConfigureAwait(false);
        Lost.ThrowIfCancellationRequested();
    }

    /// <summary>
    /// Stores a snapshot under this lock, which is checked before, and again when the snapshot exists: a program that removes a lock reads
    /// the snapshots after that, so a lock that still exists means that no one prunes without knowing of this snapshot. If it is gone, the
    /// snapshot is taken back, because its blobs may be gone too.
    /// </summary>
    /// <param name="snapshot">The snapshot; everything that it refers to is durable.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="OperationCanceledException">The lock is lost, and there is no snapshot.</exception>
    /// <exception cref="StorageException">It cannot be stored, or whether the lock is lost cannot be determined.</exception>
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
    /// Stores an index under this lock. If this process slept meanwhile and has lost the lock, a pruner may have removed the packs: an
    /// index that names them would keep later writers from storing their blobs again, so it is taken back. If the packs all exist it stays,
    /// because others may have read it already.
    /// </summary>
    /// <param name="save">Stores it, and returns its name.</param>
    /// <param name="packs">The packs that it names.</param>
    /// <exception cref="OperationCanceledException">The lock is lost.</exception>
    /// <exception cref="StorageException">It cannot be stored, or whether the lock is lost cannot be determined.</exception>
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
                await _repository
                    .Store.DeleteAsync(RepositoryLayout.Key(RepositoryFile.Index, index), CancellationToken.None)
                    .ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Takes the lock. If one that seems dead is in the way, this takes minutes: it is watched before it is removed.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="exclusive">Whether to exclude everyone else.</param>
    /// <param name="time">Clock and pauses.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <param name="watching">Is told which lock is being watched, and for how much longer.</param>
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.Locked"/>: another live lock excludes this one; or
    /// <see cref="RepositoryErrorKind.LockUnreadable"/>.</exception>
    public static async Task<RepositoryLock> AcquireAsync(
        ResticRepository repository,
        bool exclusive,
        TimeProvider time,
        CancellationToken cancellationToken,
        IProgress<LockWatch>? watching = null
    ) => (await TakeAsync(repository, exclusive, null, time, watching, isLast: true, cancellationToken).ConfigureAwait(false))!;

    /// <summary>
    /// Takes a shared lock that excludes others with an overlapping purpose, on any machine. If a dead owner's lock is in the way, this
    /// takes a little over a minute: it is watched before it is removed.
    /// </summary>
    /// <param name="repository">The repository.</param>
    /// <param name="purpose">The purpose; compared exactly, as described in <see cref="LockPurpose"/>, and readable by everyone who has the
    /// repository's password.</param>
    /// <param name="time">Clock and pauses.</param>
    /// <param name="random">Determines how long two that start at the same time step back.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <param name="watching">Is told which lock is being watched, and for how much longer.</param>
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.PurposeTaken"/>, <see cref="RepositoryErrorKind.Locked"/> or
    /// <see cref="RepositoryErrorKind.LockUnreadable"/>.</exception>
    public static async Task<RepositoryLock> ClaimAsync(
        ResticRepository repository,
        string purpose,
        TimeProvider time,
        Random random,
        CancellationToken cancellationToken,
        IProgress<LockWatch>? watching = null
    )
    {
        for (var attempt = 1; ; attempt++)
        {
            if (
                await TakeAsync(repository, exclusive: false, purpose, time, watching, attempt == MaxAttempts, cancellationToken)
                    .ConfigureAwait(false) is
                { } held
            )
                return held;
            await Task.Delay(random.NextDouble() * s_maxStepBack, time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The current lock holders. Locks that are certainly dead are left out, and so are unreadable files.</summary>
    public static async IAsyncEnumerable<LockHolder> HoldersAsync(
        ResticRepository repository,
        TimeProvider time,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var judge = new LockJudge(time);
        foreach (var seen in await new LockDirectory(repository, time).ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            var (evidence, _) = judge.Judge(seen);
            if (seen.File is { } file && evidence is not (LockEvidence.ProcessGone or LockEvidence.Abandoned))
                yield return file.ToHolder() with
                {
                    Evidence = evidence,
                };
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
            // The storage is unreachable: the lock is no longer renewed, and others will notice that.
        }

        _stop.Dispose();
        _lease.Dispose();
    }

    /// <summary>
    /// Whether an index may exist in a repository that belongs to others by now: all packs that it names exist. While a prune is running,
    /// that is unknown.
    /// </summary>
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
        await foreach (var (pack, _) in _repository.Files.ListAsync(RepositoryFile.Data, CancellationToken.None).ConfigureAwait(false))
            missing.Remove(pack);
        return missing.Count == 0;
    }

    // Null: another one with the same purpose wrote its lock before either looked again, so both stepped back.
    private static async Task<RepositoryLock?> TakeAsync(
        ResticRepository repository,
        bool exclusive,
        string? purpose,
        TimeProvider time,
        IProgress<LockWatch>? watching,
        bool isLast,
        CancellationToken cancellationToken
    )
    {
        var entrance = new LockEntrance(new LockDirectory(repository, time), new LockJudge(time), time, exclusive, purpose, watching);
        await entrance.PassAsync(default, watch: true, cancellationToken).ConfigureAwait(false);
        var lease = new LockLease(repository, exclusive, purpose, time);
        try
        {
            await lease.WriteAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                // Two programs may have looked at the same time; after writing, each sees the other's lock.
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
